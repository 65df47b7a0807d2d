"""Shares of errors against a plain count in numpy."""

import json
from collections import Counter

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmseg.evaluation import IoUMetric

from mmseg_clsclip.evaluation import (
    ErrorSharesMetric,
    GeneralizedZeroShotIoUMetric,
    ProtocolIoUMetric,
)
from mmseg_clsclip.evaluation.metrics.protocol_iou_metric import name_protocols
from mmseg_clsclip.evaluation.results import read_result

CLASSES = ('background', 'cat', 'cow', 'sofa', 'train')
META = dict(classes=CLASSES, novel_classes=('sofa',), protocol=dict(dataset='X'))


def maps(number=12, seed=0):
    """Random label maps (1, H, W), each of some classes, with 255 in them."""
    rng = np.random.RandomState(seed)
    for _ in range(number):
        shape = (1, rng.randint(2, 20), rng.randint(2, 20))
        present = rng.choice(5, 3, replace=False)
        truth = rng.choice([*present, 255], shape)
        right = rng.rand(*shape) < 0.5
        yield np.where(right & (truth != 255), truth, rng.choice(5, shape)), truth


def sample(pred, truth, **more):
    return dict(
        pred_sem_seg=dict(data=torch.as_tensor(pred)),
        gt_sem_seg=dict(data=torch.as_tensor(truth)),
        img_shape=(32, 48),
        **more,
    )


def evaluate(pairs, meta=META, **options):
    metric = ErrorSharesMetric(prefix='x', **options)
    metric.dataset_meta = meta
    metric.process({}, [sample(*pair) for pair in pairs])
    return {
        key.removeprefix('x/'): value
        for key, value in metric.evaluate(len(pairs)).items()
    }


def plain(pairs, background=0):
    """The same, a pixel at a time."""
    found, totals, confused, of_truth = Counter(), Counter(), Counter(), Counter()
    for pred, truth in pairs:
        for p, t in zip(pred.ravel().tolist(), truth.ravel().tolist()):
            if t == 255:
                continue
            where = 'present' if (truth == p).any() else 'absent'
            name = 'missed' if p == background else f'as_{where}'
            group = 'background' if t == background else 'object'
            found[f'{group}_{"right" if p == t else name}'] += 1
            totals[group] += 1
            of_truth[t] += 1
            confused[t, p] += p != t and background not in (t, p)
    shares = {k: 100 * n / totals[k.split('_')[0]] for k, n in found.items()}
    shares.pop('background_right', None)
    best = sorted(
        (pair for pair in confused if confused[pair]), key=lambda p: (-confused[p], p)
    )
    return shares, [
        (CLASSES[t], CLASSES[p], confused[t, p], 100 * confused[t, p] / of_truth[t])
        for t, p in best
    ]


def shares_of(result):
    return {k: v for k, v in result.items() if k not in ('confusions', 'protocol')}


def confusions_of(result):
    return [
        (c['truth'], c['predicted'], c['pixels'], c['share'])
        for c in result['confusions']
    ]


def test_it_equals_a_plain_count():
    pairs = list(maps())
    shares, confusions = plain(pairs)
    assert len(shares) == 6 and len(confusions) == 12
    got = evaluate(pairs)
    assert shares_of(got) == pytest.approx(shares)
    assert sum(v for k, v in got.items() if k.startswith('object')) == pytest.approx(
        100
    )
    assert confusions_of(got) == [pytest.approx(c) for c in confusions[:10]]
    three = evaluate(pairs, num_confusions=3)
    assert three['confusions'] == got['confusions'][:3]


def test_whether_a_class_is_there_is_told_by_the_picture():
    """Not by the others, nor by what does not count."""
    cat_and_cow = np.array([[[1, 1, 2, 255]]])
    cow = np.array([[[2, 2, 0, 0]]])
    pairs = [
        (np.array([[[2, 0, 3, 4]]]), cat_and_cow),
        (np.array([[[2, 1, 2, 3]]]), cow),
    ]
    got = evaluate(pairs)
    assert shares_of(got) == dict(
        object_right=20,
        object_missed=20,
        object_as_present=20,
        object_as_absent=40,
        background_as_present=50,
        background_as_absent=50,
    )
    assert confusions_of(got) == [
        ('cat', 'cow', 1, 50),
        ('cow', 'cat', 1, pytest.approx(100 / 3)),
        ('cow', 'sofa', 1, pytest.approx(100 / 3)),
    ]


def test_the_background_may_stand_anywhere_or_nowhere():
    pairs = list(maps())
    last = dict(META, classes=(*CLASSES[1:], ' Background'))
    turned = [tuple(np.where(m == 255, m, (m + 4) % 5) for m in pair) for pair in pairs]
    assert shares_of(evaluate(turned, last)) == shares_of(evaluate(pairs))
    # Nothing can be missed where every label is a class.
    got = evaluate(pairs, dict(META, classes=('sky', *CLASSES[1:])))
    shares, _ = plain(pairs, background=None)
    assert shares_of(got) == pytest.approx(shares)
    assert 'object_missed' not in got and 'background_as_absent' not in got


def test_a_group_without_a_pixel_has_no_share():
    void = np.array([[[255, 0]]])
    assert shares_of(evaluate([(np.array([[[1, 0]]]), void)])) == dict(
        background_as_present=0, background_as_absent=0
    )
    # Nothing that was missed is a share, if something could have been.
    only_cat = evaluate([(np.array([[[1, 3]]]), np.array([[[1, 1]]]))])
    assert shares_of(only_cat) == dict(
        object_right=50, object_missed=0, object_as_present=0, object_as_absent=50
    )
    nothing = evaluate([(np.array([[[1]]]), np.array([[[255]]]))])
    assert shares_of(nothing) == {} and nothing['confusions'] == []


def test_it_stands_beside_another_metric(tmp_path):
    for other, more in (
        (IoUMetric(), {}),
        (GeneralizedZeroShotIoUMetric(), dict(unseen_classes=['sofa'])),
    ):
        evaluator = Evaluator([other, ErrorSharesMetric()])
        name_protocols(evaluator.metrics)
        evaluator.dataset_meta = META
        pairs = list(maps())
        for pair in pairs:
            evaluator.process([sample(*pair)], {})
        got = evaluator.evaluate(len(pairs))
        assert got['errors/object_right'] == evaluate(pairs)['object_right']
        assert got['errors/protocol'] == dict(
            dataset='X', classes=5, input_size='32x48', views=1, proposals='none'
        )
        assert got['protocol'].items() >= {**got['errors/protocol'], **more}.items()
        (tmp_path / 'result.json').write_text(json.dumps(got, default=float))
        read = read_result(tmp_path / 'result.json')
        assert read['figures']['object_right'] == got['errors/object_right']
        assert read['protocol'] == got['protocol']
        assert read['per_class'] == got['per_class']


def test_a_prefix_that_others_have_too_is_named_once():
    # "errors/protocol" may not come twice.
    metrics = [IoUMetric(prefix='errors'), ErrorSharesMetric(), IoUMetric()]
    name_protocols(metrics)
    assert type(metrics[0]) is IoUMetric and type(metrics[2]) is ProtocolIoUMetric


def test_what_it_cannot_count_is_refused():
    label = np.array([[[1, 2]]])
    metric = ErrorSharesMetric()
    metric.dataset_meta = META
    for pred, truth, more, message in (
        (label, label, dict(class_name='cat'), 'without EpisodeDataset'),
        (label, label + 3, {}, 'The truth has the label 5, .* 5 classes, 0 to 4'),
        (label - 2, label, {}, 'The prediction has the label -1'),
        (label, label[..., :1], {}, 'LoadAnnotations after Resize'),
    ):
        with pytest.raises(ValueError, match=message):
            metric.process({}, [sample(pred, truth, **more)])
    binary = ErrorSharesMetric()
    binary.dataset_meta = dict(classes=('dog', 'cat'))
    with pytest.raises(ValueError, match='without EpisodeDataset'):
        binary.process({}, [sample(label // 2, label // 2, class_name='cat')])
    metric.process({}, [sample(label, np.array([[[255, 1]]], np.uint8))])
    assert metric.results[0].pixels == {(1, 2): 1}


def test_255_does_not_count_beside_another_label_that_does_not():
    truth = np.array([[[0, 1, 2, 255]]])
    pred = np.array([[[2, 1, 1, 1]]])
    got = evaluate([(pred, truth)], ignore_index=0)
    assert got['object_right'] == 50
    with pytest.raises(ValueError, match='The truth has the label 254'):
        evaluate([(pred, np.where(truth == 255, 254, truth))], ignore_index=0)
