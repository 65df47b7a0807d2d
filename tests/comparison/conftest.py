"""What the tests of a comparison need: configs, results, rows, no tools."""

import json
import re
from pathlib import Path

import pytest
from mmengine.config import Config

from mmseg_clsclip.comparison import runs
from mmseg_clsclip.comparison.compared_models import ComparedModel

ROOT = Path(__file__).parents[2]
CHECKPOINT = ROOT / 'mmseg_clsclip/assets/clsclip_shapes-5i_fold0.pth'
WHOLE = 'configs/shapes/clsclip_shapes-5i_whole.py'


@pytest.fixture
def config(tmp_path):
    """Write a config that inherits one of ours, with few pictures."""

    def _config(base, text='', name='config'):
        inner = (
            'test_dataloader.dataset.dataset'
            if base != WHOLE
            else 'test_dataloader.dataset'
        )
        few = 'length=20'
        for key in reversed(inner.split('.')[1:]):
            few = f'{key}=dict({few})'
        path = tmp_path / f'{name}.py'
        path.write_text(
            f'_base_ = {str(ROOT / base)!r}\n'
            f'test_dataloader = dict(num_workers=0, persistent_workers=False, '
            f'batch_size=5, {few})\n{text}\n'
        )
        return str(path)

    return _config


@pytest.fixture
def result(tmp_path):
    """Write a JSON as tools/test.py does."""

    def _result(name='result', log='', protocol=(), **changes):
        content = dict(
            dict(
                miou_unseen=50.0,
                fb_iou=70.0,
                time=0.1,
                data_time=0.1,
                per_class={'a': 40.0, 'b': None},
            ),
            protocol=dict(
                dict(
                    dataset='Shapes-5i',
                    fold=0,
                    split='test',
                    novel_handling='drop_image',
                    list='at least 64 pixels',
                    pairs=899,
                    episodes='every pair once',
                    size_bounds=[1024, 9216],
                    input_size='64x64',
                    views=1,
                    proposals='none',
                ),
                **dict(protocol),
            ),
            **changes,
        )
        path = tmp_path / f'{name}.json'
        path.write_text(json.dumps(content))
        path.with_suffix('.log').write_text(log)
        return str(path)

    return _result


@pytest.fixture
def fake_tools(monkeypatch, result):
    """Stand-ins for the two processes; what they were called with."""
    called = []

    def _run(command, log, report_batch=None):
        command = list(map(str, command))
        called.append(command)
        log.write_text('')
        if measured := [word for word in command if word.endswith('measured.json')]:
            Path(measured[0]).write_text(
                json.dumps(
                    dict(
                        random='random' in command,
                        input_size='64x64',
                        seconds=0.5,
                        memory=2**30,
                        machine='here',
                        parameters=2,
                        trained_parameters=1,
                        gflops=1.0,
                        libraries_memory=2**29,
                        cut=False,
                        budget=float(command[command.index('--budget') + 1]),
                    )
                )
            )
            return
        work_dir = Path(command[command.index('--work-dir') + 1])
        (work_dir / 'now').mkdir(parents=True)
        (work_dir / 'now/now.json').write_text(Path(result()).read_text())

    monkeypatch.setattr(runs, '_run', _run)
    return called


@pytest.fixture
def read_squeezed():
    """Read a report without the blanks that align its table."""

    def _read_squeezed(path):
        return re.sub(' +', ' ', path.read_text())

    return _read_squeezed


@pytest.fixture
def rows_of():
    """Make rows of figures, one of each dict."""

    def _rows_of(*figures):
        return [
            dict(
                name=f'model {k}',
                notes=[],
                protocol=dict(proposals='none', fold=0),
                figures=dict(found),
                random=False,
                per_class={'x': 5.0, 'y': 9.0 - k},
                seconds=0.5,
                memory=3 * 2**30,
                libraries_memory=2**30,
                gflops=1.5,
                parameters=2_000_000,
                trained_parameters=0,
                machine='here',
            )
            for k, found in enumerate(figures)
        ]

    return _rows_of


@pytest.fixture
def compared_model():
    """Make a model that is compared, as it is once its config is read."""

    def _compared_model(path, checkpoint=CHECKPOINT, **more):
        return ComparedModel(
            'A', path, checkpoint and str(checkpoint), cfg=Config.fromfile(path), **more
        )

    return _compared_model
