"""The notebook runs from its first cell to its last."""

import json
from pathlib import Path

import matplotlib
import numpy as np

from mmseg_clsclip.datasets.shapes_world import CLASSES, draw

NOTEBOOK = Path(__file__).parents[2] / 'docs/tutorial.ipynb'


def test_it_runs_and_says_what_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # not in the checkout's folder
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    matplotlib.use('Agg')
    notebook = json.loads(NOTEBOOK.read_text(encoding='utf-8'))
    assert notebook['nbformat'] == 4
    names = {}
    for cell in notebook['cells']:
        if cell['cell_type'] != 'code':
            continue
        assert cell['outputs'] == [] and cell['execution_count'] is None
        source = ''.join(cell['source'])
        exec(compile(source, f'cell {cell["id"]}', 'exec'), names)
    assert names['prediction'].names == ('background', 'yellow square', 'red circle')
    truth = draw(7, 'test').labels
    classes = ('background', *CLASSES)
    for label, name in enumerate(names['prediction'].names):
        # The page says that it does well here, one of them unseen.
        found, there = names['labels'] == label, truth == classes.index(name)
        assert (found & there).sum() > 0.8 * (found | there).sum()
    assert np.array_equal(names['same'], names['labels'])
    assert set(np.unique(names['circles'])) == {0, 1, 2}
    # Twenty pictures of what make demo evaluates; chance is far below.
    assert names['figures']['protocol']['pairs'] == 31
    assert 60 < names['figures']['miou_seen'] < 100
