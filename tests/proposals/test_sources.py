"""Truth, the model's own response, windows."""

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

import mmseg_clsclip.proposals  # noqa: F401

PICTURE = torch.zeros(3, 40, 60, dtype=torch.uint8)


def build(name, **kwargs):
    return MODELS.build(dict(type=name, **kwargs))


def truth(mask):
    sample = SegDataSample()
    sample.gt_sem_seg = PixelData(data=mask[None])
    return sample


def test_ground_truth_boxes_are_those_of_the_parts_of_each_class():
    mask = torch.zeros(40, 60).long()
    mask[5:10, 10:30] = 2
    mask[0, 0] = 1
    mask[20:30, 50:60] = 1
    mask[30:, :9] = 255
    found = build('GroundTruthProposals')(
        [PICTURE], [truth(mask)], [dict(one=1, two=2, three=3)], None
    )[0]
    assert found.bboxes.tolist() == [[0, 0, 1, 1], [50, 20, 60, 30], [10, 5, 30, 10]]
    assert found.labels.tolist() == [1, 1, 2]
    found = build('GroundTruthProposals', min_area=2)(
        [PICTURE], [truth(mask)], [dict(one=1)], None
    )[0]
    assert found.bboxes.tolist() == [[50, 20, 60, 30]]


def test_ground_truth_says_that_it_is_an_oracle_and_needs_a_fitting_mask():
    proposals = build('GroundTruthProposals')
    assert proposals.describe() == 'GroundTruthProposals (oracle)'
    with pytest.raises(ValueError, match='LoadAnnotations'):
        proposals([PICTURE], [SegDataSample()], [dict(a=1)], None)
    with pytest.raises(ValueError, match='Take Resize out'):
        proposals([PICTURE], [truth(torch.ones(8, 8))], [dict(a=1)], None)


def test_self_proposals_are_boxes_around_the_response():
    response = torch.zeros(2, 40, 60)
    response[0, 5:15, 5:15] = 0.4
    response[1, 20:40, 30:60] = 0.9
    response[1, :5, :5] = 0.2
    asked = []

    def segment(regions=None):
        asked.append(regions)
        return [response if regions is None else 0.8 * response]

    wanted = [dict(a=1, b=2)]
    found = build('SelfProposals')([PICTURE], [None], wanted, segment)[0]
    assert found.names == ['b', 'a'] and asked == [None]
    assert found.bboxes.tolist() == [[30, 20, 60, 40], [5, 5, 15, 15]]
    assert found.scores.tolist() == pytest.approx([0.9, 0.4])

    proposals = build('SelfProposals', rounds=3, threshold=0.35)
    found = proposals([PICTURE], [None], wanted, segment)[0]
    assert found.names == ['b']
    assert [r and len(r[0]) for r in asked[1:]] == [None, 2, 1]
    assert proposals.saw_test_classes == 'no'
    for wrong in (dict(threshold=1.0), dict(rounds=0)):
        with pytest.raises(ValueError, match=list(wrong)[0]):
            build('SelfProposals', **wrong)


def test_windows_cover_the_picture_with_the_overlap():
    found = build('WindowProposals', grid=(1, 3), overlap=0.25)(
        [PICTURE], [None], [dict(a=1, b=2)], None
    )[0]
    assert (
        found.bboxes.tolist() == [[0, 0, 24, 40], [18, 0, 42, 40], [36, 0, 60, 40]] * 2
    )
    assert found.labels.tolist() == [1] * 3 + [2] * 3
    # Not one is suppressed or left out, however many.
    found = build('WindowProposals', grid=(9, 9), overlap=0.9)(
        [PICTURE], [None], [{str(k): k for k in range(150)}], None
    )[0]
    assert len(found) == 81 * 150
    for wrong in (dict(grid=(0, 2)), dict(overlap=1)):
        with pytest.raises(ValueError, match=list(wrong)[0]):
            build('WindowProposals', **wrong)
