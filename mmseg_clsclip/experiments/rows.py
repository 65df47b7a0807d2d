"""The rows of docs/results.md, their configs and what these say."""

import hashlib
import json
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from mmengine.config import Config

from ..utils.config_files import PACKAGE
from .layout import PAPER, PLUS_CONFIGS, ROOT, WHOLE

BASELINES = {
    'ClsCLIP': 'shapes/clsclip',
    'text ignored': 'ablations/clsclip_no-navigation',
    'LSeg-style': 'baselines/lseg',
    'CLIPSeg-style (FiLM)': 'baselines/film',
}
ABLATIONS = {
    f'ClsCLIP, {name}': f'ablations/clsclip_{stem}'
    for name, stem in {
        'block 0': 'blocks-0',
        'block 2': 'blocks-2',
        'blocks 5-7, the last three': 'blocks-5-7',
        'all blocks': 'blocks-all',
        'one shared projection': 'shared',
        'text as channel weights': 'channel',
        'text as spatial weights': 'spatial',
        'visual prompts': 'vpt',
        'visual prompts, no navigation': 'vpt-no-navigation',
        'decoder depth 1': 'depth-1',
        'decoder depth 4': 'depth-4',
        'four templates': 'templates',
        'normalised text': 'normalized',
        'projections start from the pseudo-inverse': 'pseudo-inverse',
        'and FiLM in its decoder': 'film',
        'half the learning rate': 'half-lr',
        'twice the learning rate': 'twice-lr',
        'four tokens a block': 'tokens-4',
        'sixteen tokens a block': 'tokens-16',
        '64 tokens a block': 'tokens-64',
        'four tokens in all blocks': 'tokens-4_blocks-all',
        'four tokens and channel weights': 'tokens-4_channel',
    }.items()
} | {'text as a token of the decoder': 'ablations/clsclip_token'}
TRAINING_FREE = {
    f'{name}, training-free': f'baselines/{name.lower()}'
    for name in ('MaskCLIP', 'SCLIP', 'NACLIP', 'ClearCLIP')
}
# The recipe for vocabularies: four names a picture, half of them absent.
FOUR_NAMES = {
    'ClsCLIP, four names': 'ablations/clsclip_four-names',
    'ClsCLIP, text as channel weights, four names': 'ablations/clsclip-gate_four-names',
    'LSeg-style, four names': 'ablations/lseg_four-names',
    'CLIPSeg-style (FiLM), four names': 'ablations/film_four-names',
}
# Iterations of a training: of every row, and as the shipped heads were trained.
SHORT, LONGER = 3000, 12000
ROWS = {**BASELINES, **ABLATIONS, **FOUR_NAMES, **TRAINING_FREE}
# What a row's other question is called, after its name.
WHOLE_VOCABULARY = ': whole vocabulary'
WITH_PRESENCE = ', presence'
# What the other question is asked of, and by which metric; of fold 0.
WHOLE_CONFIG = Path(WHOLE.format(model=PAPER))
# Of a config, what changes no figure: its drawings, --tta's flips, and hooks
# that log, save and warn; those that train are custom_hooks.
WITHOUT_EFFECT = (
    'visualizer',
    'vis_backends',
    'tta_model',
    'tta_pipeline',
    'default_hooks',
)


def config_of(row: str, own: Mapping[str, Path] = {}) -> Path:
    """Return the config of a row, for fold 0.

    Args:
        row (str): Its name.
        own (Mapping[str, Path]): Configs of rows that are none of the page's, by
            their names, here as in all that follows.
    """
    if row in own:
        return own[row]
    return ROOT / f'configs/{ROWS[row]}_shapes-5i_fold0.py'


def tests_of(row: str, own: Mapping[str, Path] = {}) -> dict[str, Path]:
    """Return the configs that a run is tested with, by the row they make."""
    tests = {row: config_of(row, own)}
    if row == 'ClsCLIP':
        for source, config in PLUS_CONFIGS.items():
            tests[f'ClsCLIP+, boxes: {source.replace("_", " ")}'] = Path(config)
    return tests


def whole_tests_of(test: str) -> dict[str, bool]:
    """Return the other question's tests: whether with a presence, by name.

    Args:
        test (str): Of :func:`tests_of`.
    """
    name = test + WHOLE_VOCABULARY
    return {name: False, name + WITH_PRESENCE: True}


@cache
def fingerprint(*paths: Path) -> str:
    """Hash what configs say after inheritance, wherever they lie.

    Files that ``custom_imports`` names are hashed, too, but for this package: who
    changes a class of his own wants other figures.
    """
    contents = [Config.fromfile(path).to_dict() for path in paths]
    for content in contents:
        for key in WITHOUT_EFFECT:
            content.pop(key, None)
    text = json.dumps(contents, sort_keys=True, default=str)
    text = text.replace(str(ROOT), '')
    text += ''.join(_read_imports(content) for content in contents)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _read_imports(config: dict) -> str:
    """Return the text of the files of others that a config has imported."""
    names = (config.get('custom_imports') or {}).get('imports') or []
    names = [names] if isinstance(names, str) else names
    files = [
        getattr(sys.modules.get(name), '__file__', None)
        for name in names
        if name.split('.')[0] != PACKAGE
    ]
    return ''.join(Path(file).read_text('utf-8') for file in files if file)


def whole_fingerprint(row_config: Path, config: Path) -> str:
    """Hash what the other question's figures come from.

    Args:
        row_config (Path): Of the row, as it is trained.
        config (Path): Of one of its tests.
    """
    return fingerprint(*dict.fromkeys([row_config, config]), WHOLE_CONFIG)


def fingerprints(own: Mapping[str, Path] = {}) -> dict[str, str]:
    """Return the fingerprint of every row that a run can make."""
    prints = {}
    for row in (*ROWS, *own):
        trained = config_of(row, own)
        for name, config in tests_of(row, own).items():
            prints[name] = fingerprint(trained, config)
            whole = whole_fingerprint(trained, config)
            prints |= dict.fromkeys(whole_tests_of(name), whole)
    return prints
