"""The benchmark of a presence: rows, and what cannot be asked."""

import pytest

from mmseg_clsclip.benchmark.presence import format_presence, measure_presence
from mmseg_clsclip.benchmark.random_models import Workload
from mmseg_clsclip.utils.config_files import configs_folder

CONFIG = str(configs_folder() / 'shapes/clsclip_shapes-5i_fold0.py')


def test_rows(coarse_clip_json):
    options = {
        'model.backbone.architecture': coarse_clip_json,
        'model.decode_head.in_channels': 32,
        'model.decode_head.num_heads': 2,
    }
    workload = Workload(CONFIG, options, 8, shape=(1, 3, 64, 64))
    rows = measure_presence(workload, [2, 3], repeat=1)
    assert [(row['asked'], row['views']) for row in rows] == [
        (number, views) for number in (2, 3) for views in ('whole', 'corners')
    ]
    assert all(row['same_labels'] > 0.99 and row['seconds'] > 0 for row in rows)
    assert format_presence(rows).count('100.00%') == 4


def test_more_than_there_are():
    with pytest.raises(ValueError, match='9 of 8 names cannot be asked'):
        measure_presence(Workload(CONFIG, {}, 8), [9], 1)
