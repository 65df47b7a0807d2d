"""mmseg's IoUMetric with its protocol."""

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.structures import LabelData
from mmseg.evaluation import IoUMetric
from mmseg.structures import SegDataSample

from mmseg_clsclip.evaluation import (
    EpisodeIoUMetric,
    GeneralizedZeroShotIoUMetric,
    ProtocolIoUMetric,
)
from mmseg_clsclip.evaluation.metrics.protocol_iou_metric import name_protocols

META = dict(
    classes=('background', 'a', 'b', 'c'),
    protocol=dict(dataset='X', random_weights=True),
)


def samples(number=9):
    """Random label maps (1, 6, 7), without any c."""
    rng = np.random.RandomState(0)
    return [
        dict(
            pred_sem_seg=dict(data=torch.from_numpy(rng.randint(0, 3, (1, 6, 7)))),
            gt_sem_seg=dict(
                data=torch.from_numpy(rng.choice([0, 1, 2, 255], (1, 6, 7)))
            ),
            img_shape=(6 + k % 2, 7),
            proposal_source='boxes',
        )
        for k in range(number)
    ]


def evaluate(metric):
    metric.dataset_meta = META
    for sample in samples():
        metric.process({}, [sample])
    return metric.evaluate(9)


def test_figures_are_mmsegs_and_the_protocol_is_named():
    for options in (
        {},
        dict(iou_metrics=['mIoU', 'mFscore'], beta=2),
        dict(nan_to_num=0),
    ):
        theirs = evaluate(IoUMetric(**options))
        ours = evaluate(ProtocolIoUMetric(**options))
        assert {key: ours[key] for key in theirs} == theirs
    assert ours['protocol'] == dict(
        dataset='X',
        random_weights=True,
        classes=4,
        input_size='long side 7',
        views=1,
        proposals='boxes',
    )
    assert ours['per_class']['c'] is None
    assert (
        abs(sum(iou or 0 for iou in ours['per_class'].values()) / 4 - theirs['mIoU'])
        < 0.01
    )


@pytest.mark.parametrize('dtype', [torch.int64, torch.int32, torch.float32])
def test_areas_are_mmsegs_in_whole_numbers(dtype):
    # Of four classes; 4 and -1 are none, 255 does not count.
    labels = torch.tensor([-1, 0, 1, 2, 3, 4, 255])
    pred, truth = labels[torch.randint(0, 7, (2, 30, 40))]
    got = ProtocolIoUMetric.intersect_and_union(pred.to(dtype), truth, 4, 255)
    want = IoUMetric.intersect_and_union(pred, truth, 4, 255)
    for own, others in zip(got, want):
        assert own.dtype == torch.int64
        assert torch.equal(own.float(), others) and own.min() > 0


def test_255_does_not_count_beside_another_label_that_does_not():
    labels = torch.tensor([0, 1, 2, 3, 255])
    pred, truth = labels[torch.randint(0, 4, (2, 30, 40))]
    bordered = truth.clone()
    bordered[:, :9] = 255
    got = ProtocolIoUMetric.intersect_and_union(pred, bordered, 4, 0)
    want = IoUMetric.intersect_and_union(pred[:, 9:], truth[:, 9:], 4, 0)
    for own, others in zip(got, want):
        assert torch.equal(own.float(), others) and own[1:].min() > 0
    # Where there are so many classes it is one.
    got = ProtocolIoUMetric.intersect_and_union(pred, bordered, 256, 0)
    assert got[3][255] == bordered[:, :9].numel()


def test_mmsegs_metric_names_it_where_no_other_does():
    evaluator = Evaluator([IoUMetric(), IoUMetric(prefix='a'), IoUMetric(prefix='b')])
    name_protocols(evaluator.metrics)
    evaluator.dataset_meta = META
    for sample in samples():
        evaluator.process([sample], {})
    got = evaluator.evaluate(9)
    assert got['protocol'] == got['b/protocol']
    assert got['b/per_class'] == got['a/per_class']

    class Mine(IoUMetric):
        pass

    for first in (
        EpisodeIoUMetric(),
        ProtocolIoUMetric(),
        GeneralizedZeroShotIoUMetric(['a']),
        IoUMetric(),
    ):
        # All of them have a "protocol", and no key may come twice.
        metrics = [IoUMetric(prefix='a'), Mine(), first, IoUMetric()]
        kinds = [ProtocolIoUMetric, Mine, type(first), IoUMetric]
        if type(first) is IoUMetric:
            kinds[2] = ProtocolIoUMetric
        name_protocols(metrics)
        assert [type(metric) for metric in metrics] == kinds


def asking(sample, names):
    """What a model with a presence says of a sample, as mmengine hands it on."""
    asked = torch.zeros(3, dtype=torch.bool)
    asked[:names] = True
    element = SegDataSample(presence=LabelData(asked=asked, probability=torch.rand(3)))
    return {**sample, **element.to_dict()}


@pytest.mark.parametrize(
    'kind', [ProtocolIoUMetric, lambda: GeneralizedZeroShotIoUMetric(['a'])]
)
def test_names_asked_are_a_mean_where_a_model_says_them(kind):
    metric = kind()
    metric.dataset_meta = META
    metric.process({}, [asking(s, k % 3) for k, s in enumerate(samples(5))])
    got = metric.evaluate(5)
    assert got.pop('names_asked') == (0 + 1 + 2 + 0 + 1) / 5
    metric.process({}, samples(5))
    assert metric.evaluate(5) == got


def test_names_asked_are_of_one_view():
    """What test-time augmentation merges knows the last view's alone."""
    metric = ProtocolIoUMetric()
    metric.dataset_meta = META
    batch = dict(data_samples=[[SegDataSample(metainfo=dict(img_shape=(6, 7)))]] * 2)
    metric.process(batch, [asking(samples(1)[0], 2)])
    got = metric.evaluate(1)
    assert got['protocol']['views'] == 2 and 'names_asked' not in got


@pytest.mark.parametrize('label, ignore_index', [(4, 255), (-1, 255), (4, 3)])
def test_a_true_label_that_is_none_is_refused(label, ignore_index):
    metric = ProtocolIoUMetric(ignore_index=ignore_index)
    metric.dataset_meta = META
    sample = samples(1)[0]
    metric.process({}, [sample])
    sample['gt_sem_seg']['data'][0, 0, 0] = label
    with pytest.raises(
        ValueError, match=f'The truth has the label {label}, and .* 4 cl'
    ):
        metric.process({}, [sample])
    metric.ignore_index = label
    metric.process({}, [sample])


def test_a_truth_of_another_size_is_refused():
    metric = ProtocolIoUMetric()
    metric.dataset_meta = META
    sample = dict(samples(1)[0], seg_map_path='masks/x.png')
    sample['gt_sem_seg'] = dict(data=sample['gt_sem_seg']['data'][..., :1])
    with pytest.raises(
        ValueError, match=r'masks/x\.png: The truth is .*, 1\), the pre'
    ):
        metric.process({}, [sample])
