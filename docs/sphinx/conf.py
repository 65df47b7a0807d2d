"""The site: the pages as they lie in the repository, and the docstrings."""

import json
import re
from os.path import commonprefix
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.domains.python import PythonDomain
from sphinx.environment import BuildEnvironment

import mmseg_clsclip

project = 'mmseg_clsclip'
author = 'The mmseg_clsclip authors'
release = mmseg_clsclip.__version__

extensions = [
    'myst_parser',
    'sphinx.ext.autodoc',
    'sphinx.ext.autosummary',
    'sphinx.ext.napoleon',
]
# The checkout is the source, so that README's links are the same here as there.
root_doc = 'README'
source_suffix = {'.rst': 'restructuredtext', '.md': 'markdown', '.ipynb': 'markdown'}
include_patterns = ['*.md', 'docs/**']
exclude_patterns = ['.*', 'site', 'work_dirs', 'data', 'docs/sphinx/templates']
templates_path = ['templates']

napoleon_use_ivar = True  # attributes are listed once, as members
myst_heading_anchors = 4  # as GitHub has them
autodoc_default_options = {'members': True, 'show-inheritance': True}
autodoc_member_order = 'bysource'
autosummary_ignore_module_all = False
python_maximum_signature_line_length = 80

highlight_language = 'text'  # of a block that names none, as on GitHub
smartquotes = False

html_theme = 'furo'  # the system's fonts, nothing from elsewhere
html_title = f'{project} {release}'
html_copy_source = False

QUESTION = re.compile(r'^- \[(.+)\]\((.+)\.(?:md|ipynb)\)$', re.M)


def read_notebook(text: str) -> str:
    """Return a notebook's cells as Markdown."""
    return '\n\n'.join(
        f'```python\n{source}\n```' if cell['cell_type'] == 'code' else source
        for cell in json.loads(text)['cells']
        for source in [''.join(cell['source'])]
    )


def add_navigation(readme: str) -> str:
    """Return README with what it lists as the site's navigation."""
    questions = [f'{title} <{page}>' for title, page in QUESTION.findall(readme)]
    others = ['Changes <CHANGELOG>', 'API <docs/sphinx/api>']
    for caption, pages in ('Questions', questions), ('Reference', others):
        lines = '\n'.join(pages)
        readme += f'\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{lines}\n```\n'
    return readme


def read_page(app: Sphinx, name: str, source: list[str]) -> None:
    """Make of a file what the Markdown parser reads."""
    if name == root_doc:
        source[0] = add_navigation(source[0])
    elif Path(app.env.doc2path(name)).suffix == '.ipynb':
        source[0] = read_notebook(source[0])


class RoomsDomain(PythonDomain):
    """Python's roles, which find a name that is said alone in the nearest room."""

    name = 'py'

    def find_obj(
        self,
        env: BuildEnvironment,
        modname: str,
        classname: str,
        name: str,
        type: str | None,
        searchmode: int = 0,
    ) -> list[tuple]:
        """Return the match whose path is most like the place that names it."""
        # Of the package itself, which only collects what lies in rooms.
        name = name.removeprefix(f'{project}.')
        matches = super().find_obj(env, modname, classname, name, type, 1)
        here = f'{modname}.{classname}.'
        matches.sort(key=lambda match: -len(commonprefix([here, match[0]])))
        return matches[:1]


def setup(app: Sphinx) -> None:
    """Register what this file does."""
    app.connect('source-read', read_page)
    app.add_domain(RoomsDomain, override=True)
