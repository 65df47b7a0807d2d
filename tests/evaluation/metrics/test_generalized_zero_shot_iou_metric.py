"""Generalised zero-shot figures against numpy and mmseg's IoUMetric."""

import numpy as np
import pytest
import torch
from mmseg.evaluation import IoUMetric
from mmseg.registry import METRICS

from mmseg_clsclip.evaluation import GeneralizedZeroShotIoUMetric
from mmseg_clsclip.evaluation.metrics.protocol_iou_metric import LabelledPicture
from mmseg_clsclip.evaluation.protocol import SEEN, SampleTraits

CLASSES = ('aeroplane', 'cat', 'cow', 'sofa', 'train', 'tvmonitor')
META = dict(classes=CLASSES)
UNSEEN = ['sofa', 'tvmonitor']


def maps(number=20, seed=0):
    """Random label maps with 255 in them; never a train."""
    rng = np.random.RandomState(seed)
    out = []
    for _ in range(number):
        shape = (1, rng.randint(2, 20), rng.randint(2, 20))
        truth = rng.choice([0, 1, 2, 3, 5, 255], shape)
        wrong = rng.choice([0, 1, 2, 3, 5], shape)
        right = rng.rand(*shape) < 0.6
        pred = np.where(right & (truth != 255), truth, wrong)
        out.append((pred, truth))
    return out


def run(pairs, metric, meta=META):
    metric.dataset_meta = meta
    for pred, truth in pairs:
        metric.process(
            {},
            [
                dict(
                    pred_sem_seg=dict(data=torch.from_numpy(pred)),
                    gt_sem_seg=dict(data=torch.from_numpy(truth)),
                    img_shape=(32, 48),
                )
            ],
        )
    return metric.evaluate(len(pairs))


def plain(pairs):
    """IoU of the classes that occur, and the share of right pixels."""
    pred, truth = (np.concatenate([m.ravel() for m in part]) for part in zip(*pairs))
    pred, truth = pred[truth != 255], truth[truth != 255]
    iou = {}
    for k, name in enumerate(CLASSES):
        union = ((pred == k) | (truth == k)).sum()
        if union:
            iou[name] = 100 * ((pred == k) & (truth == k)).sum() / union
    return iou, 100 * (pred == truth).mean()


def test_it_equals_a_plain_count():
    pairs = maps()
    iou, accuracy = plain(pairs)
    assert 'train' not in iou
    seen = np.mean([v for k, v in iou.items() if k not in UNSEEN])
    unseen = np.mean([iou[k] for k in UNSEEN])
    got = run(pairs, GeneralizedZeroShotIoUMetric(unseen_classes=UNSEEN))
    assert got['pAcc'] == pytest.approx(accuracy)
    assert got['mIoU_seen'] == pytest.approx(seen)
    assert got['mIoU_unseen'] == pytest.approx(unseen)
    assert got['hIoU'] == pytest.approx(2 * seen * unseen / (seen + unseen))


def test_mmsegs_figures_stay():
    pairs = maps()
    theirs = run(pairs, IoUMetric())
    ours = run(pairs, GeneralizedZeroShotIoUMetric(unseen_classes=UNSEEN))
    # It rounds to two digits, from sums in float32.
    assert {k: ours[k] for k in theirs} == pytest.approx(theirs, abs=0.0101)
    assert ours['pAcc'] == pytest.approx(theirs['aAcc'], abs=0.005)


def test_unseen_classes_can_be_the_data_sets():
    pairs = maps()
    got = run(pairs, GeneralizedZeroShotIoUMetric(), dict(META, novel_classes=UNSEEN))
    assert got == run(pairs, GeneralizedZeroShotIoUMetric(unseen_classes=UNSEEN))


def test_the_protocol_names_classes_and_size():
    meta = dict(META, protocol=dict(dataset='VOC'))
    got = run(maps(), GeneralizedZeroShotIoUMetric(UNSEEN[::-1]), meta)
    assert got['protocol'] == dict(
        dataset='VOC',
        classes=6,
        unseen_classes=UNSEEN,
        input_size='32x48',
        views=1,
        proposals='none',
    )


@pytest.mark.parametrize('name', ['background', 'Background '])
def test_the_background_is_neither_seen_nor_unseen(name):
    """As in episodes, which never ask for it."""
    pairs = maps()
    iou, _ = plain(pairs)
    meta = dict(classes=(name, *CLASSES[1:]))
    got = run(pairs, GeneralizedZeroShotIoUMetric(UNSEEN), meta)
    seen = np.mean([iou['cat'], iou['cow']])
    assert got['mIoU_seen'] == pytest.approx(seen)
    assert got['mIoU'] == pytest.approx(np.mean(list(iou.values())), abs=0.01)
    assert got['per_class'] == pytest.approx(
        {c: iou.get('aeroplane' if c == name else c) for c in meta['classes']}
    )
    assert got['protocol']['seen_classes'] == SEEN
    # One that is asked for by a list of its own is what it is said to be.
    named = GeneralizedZeroShotIoUMetric([name])
    assert run(pairs, named, meta)['mIoU_unseen'] == pytest.approx(iou['aeroplane'])
    with pytest.raises(ValueError, match='and 0 seen, the background'):
        run(pairs, GeneralizedZeroShotIoUMetric(['a']), dict(classes=(name, 'a')))


def test_sums_are_exact_where_mmsegs_are_not():
    """Past 2**24 a float32 sum no longer sees a single pixel."""
    metric = GeneralizedZeroShotIoUMetric(['b'])
    metric.dataset_meta = dict(classes=('a', 'b'))
    traits = SampleTraits((None,))
    many, one = torch.tensor([2**26, 1]), torch.tensor([1, 0])
    got = metric.compute_metrics(
        [LabelledPicture((many, many, many, many), traits)]
        + [LabelledPicture((0 * one, one, 0 * one, one), traits)] * 3
    )
    assert got['mIoU_seen'] == 100 * 2**26 / (2**26 + 3)
    assert got['mIoU_seen'] < 100


def test_nothing_right_is_zero_not_a_division_error():
    truth = np.array([[[0, 3, 255]]])
    got = run([(np.array([[[3, 0, 0]]]), truth)], GeneralizedZeroShotIoUMetric(UNSEEN))
    assert got['hIoU'] == got['mIoU_seen'] == got['mIoU_unseen'] == 0


def test_nan_to_num_counts_absent_classes():
    pairs = maps()
    iou, _ = plain(pairs)
    got = run(pairs, GeneralizedZeroShotIoUMetric(UNSEEN, nan_to_num=0))
    assert got['mIoU_seen'] == pytest.approx(
        sum(v for k, v in iou.items() if k not in UNSEEN) / 4
    )


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="'tv monitor' is not.*tvmonitor"):
        run([], GeneralizedZeroShotIoUMetric(['tv monitor']))


@pytest.mark.parametrize('names', [None, [], CLASSES])
def test_one_group_alone_is_refused(names):
    with pytest.raises(ValueError, match='compares unseen with seen'):
        run([], GeneralizedZeroShotIoUMetric(names))


def test_one_text_for_a_list_is_refused():
    with pytest.raises(ValueError, match=r"write a list: \['sofa'\]"):
        GeneralizedZeroShotIoUMetric('sofa')


def test_format_only_writes_pictures_as_mmseg_does(tmp_path):
    metric = GeneralizedZeroShotIoUMetric(
        UNSEEN, format_only=True, output_dir=str(tmp_path)
    )
    metric.dataset_meta = META
    metric.process(
        {}, [dict(pred_sem_seg=dict(data=torch.zeros(1, 4, 5)), img_path='x/7.jpg')]
    )
    assert metric.evaluate(1) == {}
    assert (tmp_path / '7.png').is_file()


def test_an_argument_of_another_name_is_refused():
    # mmseg's takes any name and reads none of them.
    with pytest.raises(TypeError, match="has no 'novel_classes'"):
        METRICS.build(dict(type='GeneralizedZeroShotIoUMetric', novel_classes=['sofa']))
    metric = METRICS.build(
        dict(type='GeneralizedZeroShotIoUMetric', ignore_index=7, keep_results=True)
    )
    assert metric.ignore_index == 7
