"""Logits of the picture as it was, against mmseg's own."""

from types import SimpleNamespace

import pytest
import torch
from mmseg.models.segmentors import EncoderDecoder
from mmseg.structures import SegDataSample

from mmseg_clsclip.models.inference.restoring import (
    ABSENT_LOGIT,
    find_asked,
    restore_asked,
    restore_logits,
)


@pytest.mark.parametrize('align_corners', [False, True])
@pytest.mark.parametrize(
    'meta',
    [
        {},
        dict(padding_size=(1, 2, 3, 4)),
        dict(padding_size=(9, 9, 9, 9), img_padding_size=(0, 5, 0, 2)),
        dict(flip=True, flip_direction='horizontal'),
        dict(flip=True, flip_direction='vertical', img_padding_size=(2, 0, 1, 0)),
        dict(flip=False, flip_direction=None),
    ],
    ids=str,
)
def test_it_is_mmsegs(meta, align_corners):
    logits = torch.randn(3, 20, 24)
    sample = SegDataSample(metainfo=dict(meta, ori_shape=(31, 17)))
    (want,) = EncoderDecoder.postprocess_result(
        SimpleNamespace(align_corners=align_corners), logits[None], [sample]
    )
    got = restore_logits(logits, sample.metainfo, align_corners)
    assert torch.equal(got, want.seg_logits.data)


def test_no_other_flip():
    with pytest.raises(KeyError, match='diagonal'):
        restore_logits(
            torch.randn(3, 4, 4), dict(flip=True, flip_direction='diagonal'), False
        )


@pytest.mark.parametrize('asked', [[0, 2], [1], [0, 1, 2, 3], []], ids=str)
def test_names_that_were_not_asked_stay_so(asked):
    logits = torch.full((4, 8, 6), ABSENT_LOGIT)
    logits[asked] = torch.randn(len(asked), 8, 6)
    meta = dict(ori_shape=(31, 17), padding_size=(1, 0, 0, 2))
    (found,) = find_asked(logits[None])
    assert (found is None) == (len(asked) in (0, 4))
    got, labels = restore_asked(logits, found, meta, False)
    want = restore_logits(logits, meta, False)
    absent = [k for k in range(4) if k not in asked]
    assert torch.equal(got[asked], want[asked])
    if asked:
        assert (got[absent] == ABSENT_LOGIT).all()
    assert torch.equal(labels, got.max(0, keepdim=True).indices)
    assert labels.dtype == torch.int64 and labels.shape == (1, 31, 17)


def test_a_single_logit_is_told_from_nought():
    logits = torch.randn(1, 8, 6)
    got, labels = restore_asked(logits, None, dict(ori_shape=(31, 17)), False)
    assert torch.equal(labels, (got > 0).long()) and labels.unique().tolist() == [0, 1]
