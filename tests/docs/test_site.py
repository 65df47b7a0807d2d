"""The site, which `make docs` builds, has every page and every room."""

import importlib
import pkgutil
import re
from pathlib import Path

import mmseg_clsclip

ROOT = Path(__file__).parents[2]


def test_the_readme_asks_for_every_page():
    """Its list is the site's navigation, too."""
    readme = (ROOT / 'README.md').read_text(encoding='utf-8')
    listed = re.findall(r'^- \[.+\]\((.+)\)$', readme, re.M)
    pages = [*(ROOT / 'docs').glob('*.md'), *(ROOT / 'docs').glob('*.ipynb')]
    expected = [path.relative_to(ROOT).as_posix() for path in pages]
    assert sorted(listed) == sorted([*expected, 'CONTRIBUTING.md'])


def test_every_public_name_is_in_a_room_of_the_site():
    text = (ROOT / 'docs/sphinx/api.rst').read_text(encoding='utf-8')
    rooms = re.findall(r'^   (mmseg_clsclip[\w.]+)$', text, re.M)
    public = {
        name: getattr(importlib.import_module(name), '__all__', None) for name in rooms
    }
    shown = {name for names in public.values() for name in names or ()}
    assert set(mmseg_clsclip.__all__) - shown == {'__version__'}
    for module in pkgutil.walk_packages(mmseg_clsclip.__path__, 'mmseg_clsclip.'):
        if not module.ispkg:
            continue
        names = getattr(importlib.import_module(module.name), '__all__', None)
        if names is None:  # a room of modules, which are shown with it
            assert module.name.startswith(tuple(r for r in rooms if not public[r]))
        else:
            assert set(names) <= shown, module.name
