"""docs/extending.md, as it stands: the package that it has its reader write."""

import ast
import importlib
import json
import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmseg.registry import DATASETS, MODELS

from mmseg_clsclip.experiments import grid

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / 'docs/extending.md').read_text(encoding='utf-8')
BLOCKS = re.findall(r'^```(\w*)\n(.*?)^```$', PAGE, re.M | re.S)
FILES = {
    re.match(r'# (\S+)\n', block)[1]: block
    for language, block in BLOCKS
    if language == 'python'
}
COMMANDS = [
    shlex.split(block.replace('\\\n', ''))
    for _, block in BLOCKS
    if block.startswith('PYTHONPATH')
]
ON_SHAPES = [words[2:] for words in COMMANDS if words[2].startswith('tools/t')]
CONFIGS = [name for name in FILES if '/configs/' in name]
FEW = [
    f'{split}_dataloader.{option}'
    for split in ('train', 'test')
    for option in ('num_workers=0', 'persistent_workers=False')
] + ['train_cfg.max_iters=2', 'train_dataloader.batch_size=2']


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Where the package lies, and Python finds it."""
    folder = tmp_path_factory.mktemp('elsewhere')
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / 'mmseg_clsclip').symlink_to(ROOT / 'mmseg_clsclip')
    before = {registry: set(registry.module_dict) for registry in (MODELS, DATASETS)}
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield folder
    # Nothing of it is left for other tests.
    for registry, names in before.items():
        for name in set(registry.module_dict) - names:
            del registry.module_dict[name]
    for name in [name for name in sys.modules if name.startswith('my_segmentation')]:
        del sys.modules[name]


@pytest.fixture
def here(folder, monkeypatch):
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize('name', [name for name in FILES if name not in CONFIGS])
def test_imports_are_of_public_names(name):
    for node in ast.walk(ast.parse(FILES[name])):
        if isinstance(node, ast.ImportFrom) and node.module.startswith('mmseg_clsclip'):
            room = importlib.import_module(node.module)
            for alias in node.names:
                assert alias.name in room.__all__, f'{node.module}: {alias.name}'
                assert not alias.name.startswith('_')


def test_every_file_is_of_one_subject():
    """A class each, one config each, a command each."""
    modules = [name for name in FILES if name not in CONFIGS and 'test_' not in name]
    assert len(modules) == len(CONFIGS) == 7 and len(ON_SHAPES) == 8
    for name in modules:
        assert len(re.findall('register_module', FILES[name])) == 1
        config = name.replace('my_segmentation/', 'my_segmentation/configs/')
        assert name[:-3].replace('/', '.') in FILES[config]
        assert [words for words in ON_SHAPES if words[1] == config]


def test_its_own_tests_pass_and_are_of_every_class(here):
    tests = importlib.import_module('my_segmentation.test_shapes_of_tensors')
    names = [name for name in vars(tests) if name.startswith('test_')]
    assert len(names) == 6
    for name in names:
        getattr(tests, name)()


def test_a_text_that_says_nothing_leaves_the_tower_as_it_is(here):
    importlib.import_module('my_segmentation.added_text')
    clip = dict(architecture='shapes-clip', pretrained='shipped')
    tower = MODELS.build(dict(type='AddedTextVisionTransformer', **clip)).eval()
    pictures, text = torch.rand(2, 3, 64, 64), torch.rand(2, 3, 64)
    plain = tower(pictures)[0].repeat_interleave(3, 0)
    assert not torch.allclose(tower(pictures, text)[0], plain, atol=1e-3)
    for part in tower.projections.parameters():
        torch.nn.init.zeros_(part)
    assert torch.equal(tower(pictures, text)[0], plain)


def test_the_presence_reads_no_padding_and_asks_for_the_best(here):
    config = Config.fromfile('my_segmentation/configs/near_best_presence.py').model
    model = MODELS.build(config).eval()
    picture = torch.rand(1, 3, 64, 64)
    padded = torch.full((1, 3, 70, 80), 9.0)
    padded[..., 2:66, 3:67] = picture
    args = model.backbone.visual.module, model.text_encoder
    one = model.presence(*args, picture, [(0, 0, 0, 0)])
    other = model.presence(*args, padded, [(3, 13, 2, 4)])
    assert torch.equal(one.probability, other.probability)
    assert one.asked[0, one.probability[0].argmax()] and one.probability.max() == 1
    model.presence.margin = 0
    assert model.presence(*args, picture, [(0, 0, 0, 0)]).asked.sum() == 1


def run(monkeypatch, tool, *args):
    """Call a tool of ours, in this process: to import all takes long."""
    monkeypatch.syspath_prepend(str((ROOT / tool).parent))
    monkeypatch.setattr(sys, 'argv', [tool, *args])
    runpy.run_path(str(ROOT / tool), run_name='__main__')


@pytest.mark.slow
def test_every_command_runs(here, monkeypatch):
    for tool, config, *rest in ON_SHAPES:
        name = Path(config).stem
        rest = [word.replace('iter_12000', 'iter_2') for word in rest]
        whole = 'dataset.' if name == 'near_best_presence' else 'dataset.dataset.'
        short = [f'test_dataloader.{whole}length=20']
        if 'train' in tool:
            short.append('train_dataloader.dataset.dataset.length=60')
        few = FEW if 'train' in tool else FEW[2:4]
        run(monkeypatch, tool, config, *rest, '--cfg-options', *few, *short)
        if 'train' in tool:
            weights = torch.load(f'work_dirs/{name}/iter_2.pth', weights_only=True)
            assert all(x.isfinite().all() for x in weights['state_dict'].values())
            continue
        newest = max(Path(f'work_dirs/{name}').glob('*/*.json'))
        figures = json.loads(newest.read_text())
        assert {'miou_unseen', 'mIoU_unseen'} & set(figures)
        protocol = figures['protocol']
        if name == 'contrast_proposals':
            assert protocol['proposals'].startswith('ContrastProposals (did not see')
        if name == 'near_best_presence':
            assert protocol['presence'].endswith('within 0.1 of the best')


def test_the_row_of_the_study_is_one(here, monkeypatch, capsys):
    (words,) = [words for words in COMMANDS if 'tools/shapes' in words[2]]
    jobs = []

    def run_job(job, iterations, out, own):
        jobs.append((job, str(own[job.row])))
        return []

    monkeypatch.setattr(grid, 'run_job', run_job)
    run(monkeypatch, *words[2:])
    assert jobs == [(('Gates', 0, 0), 'my_segmentation/configs/gate_head.py')]


def test_options_bring_a_class_into_the_papers_column(monkeypatch, capsys):
    (words,) = [words for words in COMMANDS if 'reproduce' in words[2]]
    monkeypatch.chdir(ROOT)
    run(monkeypatch, *words[2:], '--dry-run')
    lines = [line for line in capsys.readouterr().out.splitlines() if '.py' in line]
    runs = [line for line in lines if re.search(r'tools/(train|test)\.py', line)]
    assert len(runs) == 16  # four folds: a training, ClsCLIP, two of ClsCLIP+
    for line in runs:
        assert "'custom_imports.imports=[my_segmentation.added_text]'" in line
        place = 'model.module' if 'clsclip-plus' in line else 'model'
        assert f'{place}.backbone.type=AddedTextVisionTransformer' in line
