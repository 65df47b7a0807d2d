"""Files of picture ids, as VOC and SBD have them."""

from pathlib import Path

from ..datasets.episode_lists import picture_id


def read_picture_ids(path: Path) -> list[str]:
    """Read the ids of a file, one a line; folders, suffixes and more columns go.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If there is none in it.
    """
    lines = path.read_text(encoding='utf-8-sig').splitlines()
    ids = dict.fromkeys(picture_id(line.split()[0]) for line in lines if line.strip())
    if not ids:
        raise ValueError(f'{path} is empty: no id in it.')
    return list(ids)
