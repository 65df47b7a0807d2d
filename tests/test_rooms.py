"""The house: a room imports from those it may, a type lies in its file."""

import ast
import re
from pathlib import Path

import mmseg.registry
import pytest

import mmseg_clsclip  # noqa: F401  (registers)

PACKAGE = Path(__file__).parents[1] / 'mmseg_clsclip'


def rooms_of_the_page():
    """The first column of docs/design.md's table, from low to high."""
    table = (PACKAGE.parent / 'docs/design.md').read_text('utf-8')
    table = table.split('| room | holds |')[1].split('\n\n')[0]
    names = [
        name.removesuffix('.py').strip('/').replace('/', '.')
        for row in table.splitlines()[2:]
        for name in re.findall('`(.+?)`', row.split('|')[1])
    ]
    last = max(k for k, name in enumerate(names) if name.startswith('models.'))
    # models/__init__.py is made of its rooms, and the package of all.
    return ['version', *names[: last + 1], 'models', *names[last + 1 :], '']


ROOMS = rooms_of_the_page()
# Files that docs/design.md lets have shorter names.
SHORT = dict(
    COCO20iDataset='coco',
    PASCAL5iDataset='pascal',
    PascalVOCDataset20='voc20',
    Shapes5iDataset='shapes',
    TorchvisionProposals='torchvision_detector',
    WindowProposals='windows',
)


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
    assert not above, above


def test_the_page_names_every_room():
    found = {
        path.name
        for path in PACKAGE.iterdir()
        if path.is_dir() and any(path.glob('*.py')) and path.name != 'models'
    }
    found |= {
        f'models.{path.name}'
        for path in (PACKAGE / 'models').iterdir()
        if any(path.glob('*.py'))
    }
    assert found == set(ROOMS) - {'version', 'compat', 'models', ''}


def test_no_file_has_more_than_300_lines():
    root = PACKAGE.parent
    sizes = {
        path.relative_to(root): len(path.read_text(encoding='utf-8').splitlines())
        for folder in (PACKAGE.name, 'mmseg_clsclip_cli', 'tools')
        for path in (root / folder).rglob('*.py')
    }
    assert len(sizes) > 200
    assert not {path: size for path, size in sizes.items() if size > 300}


def test_a_test_file_has_a_name_of_its_own():
    """Of two of one name pytest refuses the second, and all tests with it."""
    places = {}
    for path in (PACKAGE.parent / 'tests').rglob('test_*.py'):
        places.setdefault(path.name, []).append(str(path.parent))
    assert not {name: found for name, found in places.items() if len(found) > 1}


def registered():
    """Classes of this package that a config can name."""
    return {
        kind
        for registry in vars(mmseg.registry).values()
        for kind in getattr(registry, 'module_dict', {}).values()
        if kind.__module__.startswith(PACKAGE.name + '.')
    }


@pytest.mark.parametrize('kind', sorted(registered(), key=lambda kind: kind.__name__))
def test_a_type_lies_in_the_file_of_its_name(kind):
    stem = kind.__module__.split('.')[-1]
    whole = kind.__name__.replace('VisionTransformer', 'Vit')
    names = whole, re.sub('(Dataset|Proposals|Segmentor)$', '', whole)
    assert stem.replace('_', '') in [name.lower() for name in names] or (
        SHORT[kind.__name__] == stem
    )


def test_a_class_has_a_name_of_its_own():
    """Private ones, too: a name that two things have is looked up twice."""
    places = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(path.relative_to(PACKAGE))
    assert not {name: found for name, found in places.items() if len(found) > 1}


def test_what_is_beside_the_house_imports_nothing_of_it():
    files = [*(PACKAGE.parent / 'mmseg_clsclip_cli').glob('*.py')]
    assert len(files) > 5
    for path in files:
        body = ast.parse(path.read_text(encoding='utf-8')).body
        for node in body:  # of functions, what is heavy may be asked for
            if isinstance(node, ast.Import):
                assert all(alias.name != PACKAGE.name for alias in node.names)
            if isinstance(node, ast.ImportFrom) and not node.level:
                assert node.module.split('.')[0] != PACKAGE.name
