"""mmseg's own tools: found in its wheel, and run with this package imported."""

import argparse
import difflib
import os
import re
import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmseg_clsclip_cli.config_options import add_config_options
from mmseg_clsclip_cli.foreign_warnings import ignore_foreign_warnings
from mmseg_clsclip_cli.model_files import describe_missing_config


@contextmanager
def _processes_on_cpu() -> Iterator[None]:
    """Join the processes of ``--launcher pytorch`` where there is no GPU.

    There mmengine (0.10) calls ``torch.cuda.set_device`` unless the processes
    are joined already, and hands a device to DistributedDataParallel, which
    refuses one for a model on the CPU. So they are joined here, by gloo, and
    the options say that there is no device; ``broadcast_buffers`` is what
    mmengine sets itself. As these options take the place of the config's
    ``find_unused_parameters``, write
    ``--cfg-options model_wrapper_cfg.find_unused_parameters=True`` where it
    is needed. With a GPU, NPU or the like nothing is done.
    """
    from mmengine.device import get_device
    from torch import distributed

    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument('--launcher')
    launched = parser.parse_known_args()[0].launcher == 'pytorch'
    if not launched or 'RANK' not in os.environ or get_device() != 'cpu':
        yield
        return
    distributed.init_process_group('gloo')
    sys.argv += [
        '--cfg-options',
        'model_wrapper_cfg.device_ids=None',
        'model_wrapper_cfg.broadcast_buffers=False',
    ]
    yield
    # Who leaves first would cut off what another is still receiving; and left
    # to the interpreter's end, gloo's threads can abort it.
    distributed.barrier()
    distributed.destroy_process_group()


def _import_what_options_name() -> None:
    """Import what ``--cfg-options custom_imports...`` names.

    mmengine imports the config file's, before it takes the options in.
    """
    from mmengine.utils import import_modules_from_strings

    parser = argparse.ArgumentParser(add_help=False)
    add_config_options(parser)
    options = parser.parse_known_args()[0].cfg_options or {}
    import_modules_from_strings(
        options.get('custom_imports.imports'),
        options.get('custom_imports.allow_failed_imports', False),
    )


def _explain(error: KeyError) -> str | None:
    """Return a sentence for what a misspelt config leads to; None for others."""
    import mmseg.registry
    from mmengine.registry import Registry

    text = str(error.args[0]) if error.args else ''
    if text == 'inputs':
        return (
            "A sample has no 'inputs': the pipeline of its data set ends "
            'with PackSegInputs.'
        )
    match = re.match(r'(\S+) is not in the \S+::(.+?) registry', text)
    if not match:
        return None
    name, kind = match.groups()
    known = {
        known_name
        for registry in vars(mmseg.registry).values()
        if isinstance(registry, Registry) and registry.name == kind
        for level in (registry, registry.parent)
        for known_name in level.module_dict
    }
    nearest = difflib.get_close_matches(name, known)
    return (
        f'there is no {kind} {name!r}. '
        f'{"Nearest: " + ", ".join(nearest) + ". " if nearest else ""}A '
        'module of your own stands in custom_imports.'
    )


def run_mmseg_tool(name: str) -> None:
    """Run a tool of mmseg's as if it had been called itself.

    Args:
        name (str): A file of mmseg's ``tools`` folder.

    Raises:
        FileNotFoundError: If this mmseg came without its tools.
        SystemExit: If the config names what does not exist.
    """
    import mmseg

    ignore_foreign_warnings()
    folder = Path(mmseg.__file__).parent
    for path in (folder / '.mim' / 'tools' / name, folder.parent / 'tools' / name):
        if path.is_file():
            _import_what_options_name()
            try:
                with _processes_on_cpu():
                    runpy.run_path(str(path), run_name='__main__')
            except KeyError as error:
                sentence = _explain(error)
                if sentence is None:
                    raise
                raise SystemExit(f'{name}: {sentence}') from error
            except TypeError as error:
                # What mmseg's test.py does with --out and a list of metrics.
                given = {word.partition('=')[0] for word in sys.argv}
                if '--out' not in given or 'list indices' not in str(error):
                    raise
                raise SystemExit(
                    f'{name}: --out is for one test_evaluator, and the config has a '
                    'list. Write --cfg-options test_evaluator.0.output_dir=FOLDER '
                    'in its place.'
                ) from error
            except FileNotFoundError as error:
                path = str(error.filename)
                if path not in sys.argv or Path(path).suffix != '.py':
                    raise
                raise SystemExit(f'{name}: {describe_missing_config(path)}') from error
            return
    raise FileNotFoundError(
        f'{folder} came without tools/{name}. Install mmsegmentation from '
        'its wheel, or call the tool of your source checkout.'
    )
