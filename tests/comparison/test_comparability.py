"""Which rows belong beside each other."""

from types import SimpleNamespace

import pytest

from mmseg_clsclip.comparison import comparability
from mmseg_clsclip.comparison.comparability import check_comparable


def test_what_became_of_novel_pixels_in_training_may_differ():
    # A plain data set, or a model without training, names nothing of it.
    rows = [
        SimpleNamespace(name=name, result=True, protocol=dict(more, fold=0))
        for name, more in (
            ('A', dict(novel_handling='ignore')),
            ('B', dict(novel_handling='drop_image')),
            ('C', {}),
        )
    ]
    for one in rows:
        for other in rows:
            check_comparable(one, other)
    rows[2].protocol['geometry'] = 'BAM letterbox'
    with pytest.raises(ValueError, match='geometry: not named in A, BAM'):
        check_comparable(rows[0], rows[2])


def test_the_same_metric_in_other_words():
    # A config that inherits mmseg's own gets a _scope_.
    plain = comparability.metric_options(dict(type='IoUMetric'))
    assert plain == comparability.metric_options(
        dict(type='IoUMetric', iou_metrics=['mIoU'], _scope_='mmseg', prefix='a')
    )
    assert plain != comparability.metric_options(
        dict(type='IoUMetric', iou_metrics=['mFscore'])
    )
