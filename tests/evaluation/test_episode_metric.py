"""The metric against a plain numpy count, and against mmseg's own."""
import numpy as np
import pytest
import torch
from mmseg.evaluation import IoUMetric

from mmseg_clsclip import EpisodeIoUMetric

META = dict(
    classes=('background', 'a', 'b', 'c', 'd'), novel_classes=('a', 'c'))


def episodes(number=30, seed=0):
    """Random masks with 255 in them, of classes a, b and c (never d)."""
    rng = np.random.RandomState(seed)
    out = []
    for i in range(number):
        shape = (1, rng.randint(1, 9), rng.randint(1, 9))
        truth = rng.choice([0, 1, 255], shape, p=[0.5, 0.3, 0.2])
        out.append(('abc'[i % 3], rng.randint(0, 2, shape), truth))
    return out


def run(samples, meta=META):
    metric = EpisodeIoUMetric()
    metric.dataset_meta = meta
    for name, pred, truth in samples:
        metric.process({}, [
            dict(
                class_name=name,
                pred_sem_seg=dict(data=torch.from_numpy(pred)),
                gt_sem_seg=dict(data=torch.from_numpy(truth)))
        ])
    return metric.evaluate(len(samples))


def iou(samples, value):
    inter = union = 0
    for _, pred, truth in samples:
        valid = truth != 255
        p, t = pred[valid] == value, truth[valid] == value
        inter, union = inter + (p & t).sum(), union + (p | t).sum()
    return 100 * inter / union


def test_it_equals_a_plain_count():
    samples = episodes()
    by = {k: [s for s in samples if s[0] == k] for k in 'abc'}
    got = run(samples)
    assert got['miou_unseen'] == pytest.approx(
        (iou(by['a'], 1) + iou(by['c'], 1)) / 2)
    assert got['miou_seen'] == pytest.approx(iou(by['b'], 1))
    unseen = by['a'] + by['c']
    assert got['fb_iou'] == pytest.approx(
        (iou(unseen, 0) + iou(unseen, 1)) / 2)


def test_fb_iou_of_one_class_is_mmsegs_binary_miou():
    samples = [s for s in episodes() if s[0] == 'b']
    theirs = IoUMetric()
    theirs.dataset_meta = dict(classes=('background', 'b'))
    for _, pred, truth in samples:
        shape = (1, 1, pred.size)  # mmseg squeezes; a 1 x 1 mask must not
        if pred.size == 1:
            continue
        theirs.process({}, [
            dict(
                pred_sem_seg=dict(data=torch.from_numpy(pred.reshape(shape))),
                gt_sem_seg=dict(data=torch.from_numpy(truth.reshape(shape))))
        ])
    samples = [s for s in samples if s[1].size > 1]
    got = run(samples, dict(META, novel_classes=()))
    assert got['fb_iou'] == pytest.approx(
        theirs.evaluate(len(samples))['mIoU'], abs=0.01)


def test_without_novel_classes_all_are_seen():
    got = run(episodes(), dict(classes=META['classes']))
    assert set(got) == {'miou_seen', 'fb_iou'}


def test_sums_are_exact_beyond_32_bits():
    metric = EpisodeIoUMetric()
    metric.dataset_meta = META
    big = 2**31
    metric.results = [('a', big, big + 1, 0, 1), ('a', big, big, 0, 0)]
    got = metric.compute_metrics(metric.results)
    assert got['miou_unseen'] == pytest.approx(
        100 * 2 * big / (2 * big + 1), rel=1e-12)


def test_a_sample_that_is_no_episode_is_refused():
    with pytest.raises(ValueError, match='without class_name.*EpisodeDataset'):
        EpisodeIoUMetric().process({}, [dict()])
