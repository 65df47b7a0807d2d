"""A room imports from those below it alone."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / 'mmseg_clsclip'
# From low to high; docs/design.md shows them in this order.
ROOMS = [
    'compat',
    'version',
    'utils',
    'models.clip',
    'datasets',
    'models.losses',
    'models.text_encoders',
    'models.backbones',
    'models.decode_heads',
    'models.presence',
    'models.inference',
    'models.segmentors',
    'models',
    'proposals',
    'zoom_in',
    'evaluation',
    'engine',
    'visualization',
    'apis',
    'comparison',
    'dataset_check',
    'calibration',
    'benchmark',
    'reproduction',
    'experiments',
    '',  # the package itself
]


def room(module):
    """The level of a module by its dotted name below the package."""
    parts = module.split('.')
    for size in (2, 1):
        if '.'.join(parts[:size]) in ROOMS:
            return ROOMS.index('.'.join(parts[:size]))
    return ROOMS.index('')


def imported(path):
    """Modules of the package that a file imports, by their names below it."""
    here = path.relative_to(PACKAGE).with_suffix('').parts
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if not isinstance(node, ast.ImportFrom):
            continue
        base = list(here[: len(here) - node.level]) if node.level else []
        full = '.'.join([*base, *([node.module] if node.module else [])])
        if node.level or full.split('.')[0] == PACKAGE.name:
            yield full.removeprefix(PACKAGE.name).removeprefix('.')


FILES = sorted(path for path in PACKAGE.rglob('*.py') if path.name != '__init__.py')


@pytest.mark.parametrize('path', FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_imports_from_those_below_it(path):
    own = '.'.join(path.relative_to(PACKAGE).with_suffix('').parts)
    above = [name for name in imported(path) if room(name) > room(own)]
    # What is made of all rooms may ask the package itself for its classes.
    if room(own) >= ROOMS.index('apis'):
        above = [name for name in above if name]
    assert not above, above
