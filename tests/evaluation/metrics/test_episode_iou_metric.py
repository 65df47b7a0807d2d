"""The metric against a plain numpy count, and against mmseg's own."""

import inspect
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import LoggerHook
from mmseg.evaluation import IoUMetric
from mmseg.registry import METRICS
from mmseg.structures import SegDataSample
from PIL import Image

from mmseg_clsclip.evaluation import EpisodeIoUMetric
from mmseg_clsclip.evaluation.metrics.episode_counts import PixelCounts
from mmseg_clsclip.evaluation.metrics.episode_iou_metric import Episode
from mmseg_clsclip.evaluation.protocol import SEEN, SampleTraits

META = dict(classes=('background', 'a', 'b', 'c', 'd'), novel_classes=('a', 'c'))
BAM = (
    Path(__file__).parents[3]
    / 'configs/clsclip'
    / 'clsclip_vit-b16_pascal-5i-480x480_fold0_bam.py'
)
# In masks of up to 8 x 8 pixels.
BOUNDS = (5, 12)


def episodes(number=60, seed=0):
    """Random masks with 255 in them, of classes a, b and c (never d)."""
    rng = np.random.RandomState(seed)
    out = []
    for i in range(number):
        shape = (1, rng.randint(1, 9), rng.randint(1, 9))
        truth = rng.choice([0, 1, 255], shape, p=[0.5, 0.3, 0.2])
        out.append(('abc'[i % 3], rng.randint(0, 2, shape), truth))
    return out


def sample(name, pred, truth, **metainfo):
    return dict(
        class_name=name,
        pred_sem_seg=dict(data=torch.from_numpy(pred)),
        gt_sem_seg=dict(data=torch.from_numpy(truth)),
        **metainfo,
    )


def run(samples, meta=META, **options):
    metric = EpisodeIoUMetric(**{'size_bounds': BOUNDS, **options})
    metric.dataset_meta = meta
    for one in samples:
        metric.process({}, [sample(*one[:3], **dict(*one[3:]))])
    return metric.evaluate(len(samples))


def iou(samples, value):
    inter = union = 0
    for _, pred, truth in samples:
        valid = truth != 255
        p, t = pred[valid] == value, truth[valid] == value
        inter, union = inter + (p & t).sum(), union + (p | t).sum()
    return 100 * inter / union


def of_class(samples):
    return {k: [s for s in samples if s[0] == k] for k in 'abc'}


def test_a_geometry_of_its_own_is_named():
    one, mask = episodes(1)[0][0], np.ones((1, 4, 4), int)
    plain = run([(one, mask, mask)])['protocol']
    bam = run([(one, mask, mask, dict(geometry='BAM letterbox'))])['protocol']
    assert 'geometry' not in plain
    assert bam == dict(plain, geometry='BAM letterbox')
    cfg = Config.fromfile(BAM)
    assert 'geometry' in cfg.test_dataloader.dataset.pipeline[-1].meta_keys


@pytest.mark.parametrize('side', [3, 7, 400, 480])
def test_masks_are_scored_on_a_square_as_hsnet_scores_them(side):
    """The nearest pixel, counted from the top left, and 255 is ignored after it."""
    rng, samples, shrunk = np.random.RandomState(1), [], []
    for i, shape in enumerate([(375, 500), (500, 333), (400, 400), (9, 5)]):
        truth = rng.choice([0, 1, 255], (1, *shape), p=[0.5, 0.3, 0.2])
        samples.append(('abc'[i % 3], rng.randint(0, 2, (1, *shape)), truth))
        # As F.interpolate rounds, in single precision.
        y, x = (
            (np.arange(side) * np.float32(n / side)).astype(np.float32).astype(int)
            for n in shape
        )
        shrunk.append(
            (samples[-1][0], *(mask[:, y][:, :, x] for mask in samples[-1][1:]))
        )
    expected, got = run(shrunk), run(samples, score_side=side)
    assert expected['protocol'] == run(samples)['protocol']
    assert got.pop('protocol') == {
        **expected.pop('protocol'),
        'score_size': f'{side}x{side}',
    }
    assert got == expected
    assert got != run(samples)


@pytest.mark.parametrize('side', [0, -1, 400.0, '400', (400, 400), True])
def test_a_side_that_is_none(side):
    with pytest.raises(ValueError, match='score_side=.*: write a whole number from 1'):
        METRICS.build(dict(type='EpisodeIoUMetric', score_side=side))


def test_a_truth_that_was_resized_is_refused():
    # As many pixels as the prediction has.
    pair = np.zeros((1, 4, 9), int), np.zeros((1, 6, 6), int)
    with pytest.raises(
        ValueError,
        match=r'truth is \(6, 6\), the prediction '
        r'\(4, 9\): put LoadAnnotations after',
    ):
        run([('a', *pair)])


def test_it_equals_a_plain_count():
    samples = episodes()
    by = of_class(samples)
    got = run(samples)
    assert got['miou_unseen'] == pytest.approx((iou(by['a'], 1) + iou(by['c'], 1)) / 2)
    assert got['miou_seen'] == pytest.approx(iou(by['b'], 1))
    unseen = by['a'] + by['c']
    assert got['fb_iou'] == pytest.approx((iou(unseen, 0) + iou(unseen, 1)) / 2)
    assert got['per_class'] == pytest.approx({k: iou(by[k], 1) for k in 'abc'})


def test_by_size_it_equals_a_plain_count():
    samples = episodes()
    by = of_class(samples)
    got = run(samples)
    for word, low, high in (('small', 1, 5), ('medium', 5, 12), ('large', 12, 65)):
        parts = [[s for s in by[k] if low <= (s[2] == 1).sum() < high] for k in 'ac']
        assert all(parts)
        assert got[f'miou_unseen_{word}'] == pytest.approx(
            (iou(parts[0], 1) + iou(parts[1], 1)) / 2
        )


def square(name, side, found=True):
    """An object of side x side pixels in 20 x 20, found or not."""
    truth = np.zeros((1, 20, 20), int)
    truth[:, :side, :side] = 1
    return name, truth * found, truth


def test_a_class_without_episode_of_a_size_does_not_enter():
    got = run([square('a', 2), square('c', 3), square('c', 2, False)])
    assert 'miou_unseen_large' not in got
    assert got['miou_unseen_small'] == 50  # a found, c not
    assert got['miou_unseen_medium'] == 100  # c alone


def test_on_the_bound_an_object_is_of_the_larger_size():
    got = run([square('a', 3)], size_bounds=(9, 10))
    assert 'miou_unseen_medium' in got and 'miou_unseen_small' not in got
    got = run([square('a', 3)], size_bounds=(8, 9))
    assert 'miou_unseen_large' in got


def test_an_empty_mask_has_no_size_but_counts():
    name, pred, truth = square('a', 2)
    got = run([square('a', 2), (name, pred, truth * 0)])
    assert got['miou_unseen_small'] == 100
    assert got['miou_unseen'] == 50


def test_a_class_without_any_pixel_is_none():
    nothing = np.zeros((1, 4, 4), int)
    got = run([square('a', 2), ('c', nothing, nothing)])
    assert got['per_class'] == {'a': 100, 'c': None}
    assert got['miou_unseen'] == 100


@pytest.mark.parametrize('bounds', [(1024,), (96, 32), (0, 5), (1, 2, 3)])
def test_impossible_bounds_are_refused(bounds):
    with pytest.raises(ValueError, match='two areas in pixels'):
        EpisodeIoUMetric(size_bounds=bounds)


@pytest.mark.parametrize(
    'left',
    [dict(iou_metrics=['mIoU']), dict(nan_to_num=0, beta=2), dict(format_only=False)],
)
def test_what_is_left_of_mmsegs_metric_is_named(left):
    with pytest.raises(
        TypeError,
        match=f'has no {", ".join(sorted(left))}, '
        "which mmseg's IoUMetric has.*_delete_=True",
    ):
        METRICS.build(dict(type='EpisodeIoUMetric', **left))


def test_its_arguments_can_be_looked_up():
    names = {'ignore_index', 'size_bounds', 'score_side', 'output_dir'}
    names |= {'keep_results', 'kwargs'}
    assert set(inspect.signature(EpisodeIoUMetric).parameters) == names


def test_fb_iou_of_one_class_is_mmsegs_binary_miou():
    samples = [s for s in episodes() if s[0] == 'b']
    theirs = IoUMetric()
    theirs.dataset_meta = dict(classes=('background', 'b'))
    for _, pred, truth in samples:
        shape = (1, 1, pred.size)  # mmseg squeezes; a 1 x 1 mask must not
        if pred.size == 1:
            continue
        theirs.process(
            {},
            [
                dict(
                    pred_sem_seg=dict(data=torch.from_numpy(pred.reshape(shape))),
                    gt_sem_seg=dict(data=torch.from_numpy(truth.reshape(shape))),
                )
            ],
        )
    samples = [s for s in samples if s[1].size > 1]
    got = run(samples, dict(META, novel_classes=()))
    assert got['fb_iou'] == pytest.approx(
        theirs.evaluate(len(samples))['mIoU'], abs=0.01
    )


def test_without_novel_classes_all_are_seen():
    got = run(episodes(), dict(classes=META['classes']))
    assert set(got) == {'miou_seen', 'fb_iou', 'per_class', 'protocol'}


def test_sums_are_exact_beyond_32_bits():
    metric = EpisodeIoUMetric()
    metric.dataset_meta = META
    big = 2**31
    got = metric.compute_metrics(
        [
            Episode('a', big, PixelCounts(1, *pixels), SampleTraits((None,)))
            for pixels in ((big, big + 1, 0, 1), (big, big, 0, 0))
        ]
    )
    assert got['miou_unseen'] == pytest.approx(100 * 2 * big / (2 * big + 1), rel=1e-12)
    assert got['miou_unseen_large'] == got['miou_unseen']


def test_a_sample_that_is_no_episode_is_refused():
    with pytest.raises(ValueError, match='without class_name.*EpisodeDataset'):
        EpisodeIoUMetric().process({}, [dict()])


def test_a_truth_of_all_classes_is_refused():
    truth = np.array([[[0, 1, 255]]])
    for ignore_index in (255, 9):
        metric = EpisodeIoUMetric(ignore_index=ignore_index)
        metric.process({}, [sample('cat', truth, truth)])
    truth = np.array([[[0, 1, 2]]])
    with pytest.raises(ValueError, match="of 'cat' has other labels: put MakeEpisode"):
        EpisodeIoUMetric().process({}, [sample('cat', truth, truth)])


def test_an_episode_of_a_class_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"\['zebra'\].*not classes of"):
        run([square('zebra', 2)])


def test_no_episode_at_all_is_refused():
    with pytest.raises(ValueError, match='no episode at all'):
        run([])


def with_sizes(*shapes, **metainfo):
    return [(*square('a', 2), dict(img_shape=shape, **metainfo)) for shape in shapes]


def test_the_protocol_is_the_data_sets_and_what_was_measured():
    meta = dict(META, protocol=dict(dataset='X', fold=np.int64(2), pairs=3))
    got = run(with_sizes((480, 480), (480, 480, 3)), meta)['protocol']
    assert got == dict(
        dataset='X',
        fold=2,
        pairs=3,
        unseen_classes=['a', 'c'],
        seen_classes=SEEN,
        size_bounds=[5, 12],
        input_size='480x480',
        views=1,
        proposals='none',
    )
    # As mmengine writes it, nothing gets lost.
    assert json.loads(json.dumps(LoggerHook._process_tags(got))) == got


@pytest.mark.parametrize(
    'shapes, size',
    [
        ([(480, 480)], '480x480'),
        ([(336, 500), (448, 336)], 'short side 336'),
        ([(512, 400), (300, 512)], 'long side 512'),
        ([(500, 375), (96, 128), (300, 300)], '96x128 to 500x375'),
        ([(64, 64), None], 'unknown'),
    ],
)
def test_the_input_size_is_what_the_samples_have_in_common(shapes, size):
    assert run(with_sizes(*shapes))['protocol']['input_size'] == size


def test_proposals_are_named():
    got = run(with_sizes((64, 64), proposal_source='GroundTruth (oracle)'))
    assert got['protocol']['proposals'] == 'GroundTruth (oracle)'


def test_of_test_time_augmentation_every_view_is_counted():
    views = [
        [SegDataSample(metainfo=dict(img_shape=(side, side)))]
        for side in (384, 480, 480)
    ]
    metric = EpisodeIoUMetric()
    metric.dataset_meta = META
    metric.process(
        dict(inputs=[], data_samples=views),
        [sample(*square('a', 2), img_shape=(480, 480))],
    )
    got = metric.evaluate(1)['protocol']
    assert got['views'] == 3
    assert got['input_size'] == '384x384 to 480x480'


def test_table_and_protocol_are_printed(monkeypatch):
    from mmseg_clsclip.evaluation.metrics import episode_iou_metric as episode_metric

    lines = []
    monkeypatch.setattr(
        episode_metric, 'print_log', lambda message, *args: lines.append(message)
    )
    run(
        [square('a', 2), square('b', 3)],
        dict(META, protocol=dict(dataset='X', novel_handling='ignore')),
    )
    assert '|   a   | unseen |    1     | 100.00 | 100.00 |' in lines[0]
    assert 'protocol: dataset X, novel handling ignore, size' in lines[0]
    run([('a|b', *square('a', 2)[1:])], dict(classes=('a|b',)))
    assert r' a\|b ' in lines[1]


def test_predictions_are_written_where_the_test_tool_says(tmp_path):
    pred = np.array([[[0, 1, 1]]])
    run(
        [('a', pred, pred, dict(img_path='x/p.jpg'))],
        output_dir=str(tmp_path / 'out'),
        keep_results=True,
    )
    (path,) = (tmp_path / 'out').iterdir()
    assert path.name == 'p_a.png'
    assert np.array_equal(np.asarray(Image.open(path)), pred[0])


def test_predictions_do_not_replace_each_other(tmp_path):
    pred = np.array([[[0, 1, 1]]])
    same = 'a', pred, pred, dict(img_path='x/p.jpg')
    run([same, same], output_dir=str(tmp_path))  # an added one, of a process
    with pytest.raises(ValueError, match=r"p_a.png would be .*'x/p.*'y/p.jpg"):
        run(
            [same, ('a', pred, pred, dict(img_path='y/p.jpg'))],
            output_dir=str(tmp_path),
        )
