"""What every source drops, keeps and counts."""

import pytest
import torch
from mmengine.structures import InstanceData

from mmseg_clsclip.proposals import BaseProposals, base

NAN = float('nan')


class Given(BaseProposals):
    """Proposes what it was told."""

    def __init__(self, boxes, scores=None, names=None, **kwargs):
        super().__init__(**kwargs)
        self.given = InstanceData(
            bboxes=torch.tensor(boxes, dtype=torch.float).reshape(-1, 4),
            scores=torch.tensor(scores or [0.5] * len(boxes)),
            names=names or ['a'] * len(boxes),
        )

    def propose(self, inputs, data_samples, wanted, segment):
        return [self.given] * len(inputs)


@pytest.fixture
def logged(monkeypatch):
    lines = []
    monkeypatch.setattr(base, 'warn', lines.append)
    return lines


def clean(boxes, *args, wanted=None, **kwargs):
    proposals = Given(boxes, *args, **kwargs)
    wanted = wanted or dict(a=1, b=2)
    (found,) = proposals([torch.zeros(3, 40, 50)], [None], [wanted], None)
    return proposals, found


def test_boxes_come_clipped_and_ordered_with_their_labels():
    _, found = clean([[-5, -5, 20, 20], [30, 30, 90, 90]], [0.2, 0.7], ['b', 'a'])
    assert found.bboxes.tolist() == [[30, 30, 50, 40], [0, 0, 20, 20]]
    assert found.labels.tolist() == [1, 2] and found.names == ['a', 'b']
    assert found.scores.tolist() == pytest.approx([0.7, 0.2])


def test_what_no_crop_can_be_cut_for_is_dropped_and_counted(logged):
    bad = [
        [10, 10, 5, 20],
        [10, 10, 20, 5],
        [10, 10, 10, 20],
        [50, 0, 60, 10],
        [-9, -9, 0, 0],
        [NAN, 0, 5, 5],
        [0, 0, float('inf'), 5],
    ]
    proposals, found = clean(bad + [[1, 1, 9, 9]])
    assert found.bboxes.tolist() == [[1, 1, 9, 9]]
    assert sorted(proposals.counts.values()) == [1, 2, 2, 2]
    assert len(logged) == 4 and 'so far: 2 inverted boxes' in ''.join(logged)
    assert '1 boxes of no area' in proposals.report()
    _, found = clean([[1, 1, 9, 9]] * 2, [NAN, 0.1])
    assert found.scores.tolist() == pytest.approx([0.1])


def test_counts_are_named_at_every_tenfold(logged):
    proposals = Given([])
    for _ in range(120):
        proposals.count('things', 1)
    assert [line.split()[-2] for line in logged] == ['1', '10', '100']
    assert proposals.report() == 'Given: 120 things.'
    for number in (15, 80, 4, 1, 0, 1000):
        proposals.count('others', number)
    assert [line.split()[-2] for line in logged[3:]] == ['15', '100', '1100']
    assert Given([]).report() == ''


def test_no_box_at_all():
    _, found = clean([])
    assert found.bboxes.shape == (0, 4) and found.names == []
    assert found.labels.dtype == torch.int64


def test_other_names_are_no_fault(logged):
    proposals, found = clean([[1, 1, 9, 9]] * 2, names=['a', 'other'])
    assert found.names == ['a'] and not logged and not proposals.report()


def test_score_threshold_and_suppression_within_a_class():
    boxes = [[0, 0, 20, 20], [0, 0, 20, 19], [0, 0, 20, 18], [30, 0, 40, 9]]
    _, found = clean(
        boxes, [0.9, 0.8, 0.7, 0.1], ['a', 'a', 'b', 'a'], nms_iou=0.5, score_thr=0.2
    )
    assert found.scores.tolist() == pytest.approx([0.9, 0.7])


def test_thousands_of_boxes():
    torch.manual_seed(0)
    low = torch.rand(20000, 2) * 40
    boxes = torch.cat([low, low + torch.rand(20000, 2) * 9 + 0.1], 1)
    scores = torch.rand(20000).tolist()
    proposals, found = clean(boxes.tolist(), scores, nms_iou=0.9, max_per_picture=30)
    assert len(found) == 30
    assert (found.scores.diff() <= 0).all()
    assert found.scores[0] == pytest.approx(max(scores))
    assert '18000 boxes beyond the 2000' in proposals.report()
    _, found = clean(boxes.tolist(), scores, max_per_picture=None)
    assert len(found) == 20000


@pytest.mark.parametrize(
    'saw, said',
    [
        ('yes', 'Given (saw the test classes)'),
        ('no', 'Given (did not see the test classes)'),
        ('oracle', 'Given (oracle)'),
        ('unknown', 'Given (unknown whether it saw the test classes)'),
    ],
)
def test_a_source_says_what_it_has_seen(saw, said):
    assert Given([], saw_test_classes=saw).describe() == said
    with pytest.raises(ValueError, match="saw_test_classes='maybe'"):
        Given([], saw_test_classes='maybe')


@pytest.mark.parametrize(
    'options', [dict(max_per_picture=-1), dict(max_per_picture=0), dict(nms_iou=50)]
)
def test_options_out_of_range(options):
    with pytest.raises(ValueError, match='; None keeps all'):
        Given([], **options)
