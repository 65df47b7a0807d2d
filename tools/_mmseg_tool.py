"""Finds mmseg's tools for those who installed it from a registry."""
import runpy
from pathlib import Path

import mmseg_clsclip  # noqa: F401  (what mmseg needs with mmcv-lite)


def run(name: str) -> None:
    """Run a tool of mmseg's as if it had been called itself.

    Args:
        name (str): A file of mmseg's ``tools`` folder.

    Raises:
        FileNotFoundError: If this mmseg came without its tools.
    """
    import mmseg
    folder = Path(mmseg.__file__).parent
    for path in (folder / '.mim' / 'tools' / name,
                 folder.parent / 'tools' / name):
        if path.is_file():
            runpy.run_path(str(path), run_name='__main__')
            return
    raise FileNotFoundError(
        f'{folder} came without tools/{name}. Install mmsegmentation from '
        'its wheel, or call the tool of your source checkout.')
