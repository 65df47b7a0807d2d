"""The zoom-in: geometry, joining, batches, checkpoints."""

import sys
from typing import get_type_hints

import numpy as np
import pytest
import torch
from coloured_pictures import COLOURS, EXACT, Colours, Given, ask, picture, sample, zoom
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from mmseg_clsclip.proposals import BaseProposals
from mmseg_clsclip.zoom_in.canvas import ABSENT_LOGIT
from mmseg_clsclip.zoom_in.segmentor_protocol import PromptableSegmentor
from mmseg_clsclip.zoom_in.zoom_input import ZoomInput


def answer(image, window=None):
    """What Colours says of a region, (3, h, w) float64 in numpy."""
    x1, y1, x2, y2 = window or (0, 0, image.shape[2], image.shape[1])
    part = image.numpy()[:, y1:y2, x1:x2].astype(float)
    return part - 328 + part.max()


@pytest.mark.parametrize(
    'window',
    [
        (5, 6, 20, 16),
        (0, 0, 30, 24),
        (0, 0, 7, 5),
        (22, 3, 30, 24),
        (7, 9, 8, 20),
        (7, 9, 20, 10),
        (7, 9, 8, 10),
        (29, 23, 30, 24),
    ],
)
@pytest.mark.parametrize('join', ['or', 'max', 'mean'])
def test_a_region_comes_back_to_the_pixel(window, join):
    image = picture()
    result = ask(zoom(join=join), image, [('green', window)], class_name='green')
    expected = np.full((24, 30), ABSENT_LOGIT)
    x1, y1, x2, y2 = window
    expected[y1:y2, x1:x2] = answer(image, window)[1]
    logits = result.seg_logits.data.numpy()
    assert logits.shape == (2, 24, 30) and not logits[0].any()
    np.testing.assert_array_equal(logits[1], expected.astype(np.float32))
    np.testing.assert_array_equal(result.pred_sem_seg.data[0], expected > 0)
    assert result.proposals.windows.tolist() == [list(window)]


def test_the_margin_is_part_of_the_region():
    image = picture()
    result = ask(zoom(margin=0.5), image, [('red', (4, 6, 8, 12))], class_name='red')
    assert result.proposals.windows.tolist() == [[2, 3, 10, 15]]
    inside = result.seg_logits.data[1] > ABSENT_LOGIT
    assert inside[3:15, 2:10].all() and inside.sum() == 96


REGIONS = [
    ('green', (2, 2, 20, 15)),
    ('green', (10, 5, 30, 24)),
    ('green', (2, 2, 20, 15)),
    ('blue', (0, 0, 12, 12)),
    ('green', (12, 0, 13, 24)),
]


def reference(image, join, whole_picture, names, background=True):
    """ClsCLIP+ in numpy, pixel by pixel, class by class: (K, H, W)."""
    height, width = image.shape[1:]
    whole = answer(image)
    regions = list(dict.fromkeys(REGIONS))
    out = np.full((len(names), height, width), float(ABSENT_LOGIT))
    for k, name in enumerate(names):
        mine = [window for other, window in regions if other == name]
        channel = COLOURS.index(name)
        for y in range(height):
            for x in range(width):
                said = [
                    answer(image, (x1, y1, x2, y2))[channel, y - y1, x - x1]
                    for x1, y1, x2, y2 in mine
                    if x1 <= x < x2 and y1 <= y < y2
                ]
                empty = not mine if background else not said
                if whole_picture == 'include' or (
                    whole_picture == 'fallback' and empty
                ):
                    said.append(whole[channel, y, x])
                if said:
                    out[k, y, x] = np.mean(said) if join == 'mean' else max(said)
    return out


@pytest.mark.parametrize('whole_picture', ['fallback', 'include', 'never'])
@pytest.mark.parametrize('join', ['or', 'max', 'mean'])
@pytest.mark.parametrize('names', [('green',), ('red',), COLOURS])
def test_joining_named_classes(join, whole_picture, names):
    image = picture(seed=3)
    meta = dict(class_name=names[0]) if len(names) == 1 else {}
    model = zoom(join=join, whole_picture=whole_picture)
    result = ask(model, image, REGIONS, **meta)
    expected = reference(image, join, whole_picture, names)
    logits = result.seg_logits.data.numpy()
    np.testing.assert_allclose(logits[1:], expected, atol=1e-4)
    assert not logits[0].any()
    pred = np.concatenate([np.zeros_like(expected[:1]), expected]).argmax(0)
    np.testing.assert_array_equal(result.pred_sem_seg.data[0], pred)


def test_or_is_that_any_region_says_so():
    image = picture(seed=4)
    model = zoom(keep_masks=True)
    result = ask(model, image, REGIONS, class_name='green')
    anyone = np.zeros((24, 30), bool)
    for (x1, y1, x2, y2), mask in zip(
        result.proposals.windows.tolist(), result.proposals.masks
    ):
        assert mask.shape == (y2 - y1, x2 - x1)
        anyone[y1:y2, x1:x2] |= mask.numpy() > 0
    assert 0 < anyone.sum() < 24 * 30
    np.testing.assert_array_equal(result.pred_sem_seg.data[0], anyone)


@pytest.mark.parametrize('whole_picture', ['fallback', 'include'])
@pytest.mark.parametrize('join', ['max', 'mean'])
def test_named_classes_without_a_background(join, whole_picture):
    image = picture(seed=5)
    image[:, 2:15, 2:20] //= 2  # where the region says other than the whole
    model = zoom(Colours(background=False), join=join, whole_picture=whole_picture)
    result = ask(model, image, REGIONS)
    assert result.pred_sem_seg.data.shape == (1, 24, 30)
    if join == 'max':
        # A single channel comes as a probability: certainty has an end.
        expected = reference(image, join, whole_picture, COLOURS, False)
        logits = result.seg_logits.data.clamp(-10, 10)
        np.testing.assert_allclose(logits, expected.clip(-10, 10), atol=0.01)
    # An episode is 0 or 1 by mmseg's threshold.
    result = ask(model, image, REGIONS[:1], class_name='green')
    expected = reference_single(image, join, whole_picture)
    assert result.seg_logits.data.shape == (1, 24, 30)
    np.testing.assert_allclose(result.seg_logits.data[0], expected, atol=1e-4)
    clear = abs(expected - 0.5) > 1e-4  # the mean of 0 and 1 is a tie
    assert clear.mean() > 0.8
    np.testing.assert_array_equal(
        result.pred_sem_seg.data[0][clear], expected[clear] > 0.5
    )


def reference_single(image, join, whole_picture):
    """Probabilities where one region (2, 2, 20, 15) asks for green."""

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    out = sigmoid(answer(image)[1])
    part = sigmoid(answer(image, (2, 2, 20, 15))[1])
    if whole_picture == 'include':
        both = np.stack([out[2:15, 2:20], part])
        part = both.mean(0) if join == 'mean' else both.max(0)
    out[2:15, 2:20] = part
    return out


@pytest.mark.parametrize('whole_picture', ['fallback', 'include', 'never'])
@pytest.mark.parametrize('join', ['or', 'max', 'mean'])
def test_joining_a_closed_set(join, whole_picture):
    """All classes in every region; a class counts where it won, for OR."""
    image = picture(seed=6)
    classes = ('background', *COLOURS)
    model = zoom(
        Colours(by_name=False), join=join, classes=classes, whole_picture=whole_picture
    )
    result = ask(model, image, REGIONS)

    def full(window=None):
        said = answer(image, window)
        said = np.concatenate([np.zeros_like(said[:1]), said])
        if join == 'or':
            won = said.argmax(0) == np.arange(4)[:, None, None]
            said = np.where(won, said, ABSENT_LOGIT)
        return said

    # Doubled boxes are asked once, whatever their class.
    windows = list(dict.fromkeys(w for _, w in REGIONS))
    said = [[[] for _ in range(30)] for _ in range(24)]
    for window in windows:
        x1, y1, x2, y2 = window
        part = full(window)
        for y in range(y1, y2):
            for x in range(x1, x2):
                said[y][x].append(part[:, y - y1, x - x1])
    plain = np.concatenate([np.zeros((1, 24, 30)), answer(image)])
    expected = np.empty((4, 24, 30))
    for y in range(24):
        for x in range(30):
            here = said[y][x]
            if whole_picture == 'include':
                here.append(full()[:, y, x])
            if not here:
                here = [
                    plain[:, y, x]
                    if whole_picture == 'fallback'
                    else np.array([0] + [ABSENT_LOGIT] * 3)
                ]
            expected[:, y, x] = np.mean(here, 0) if join == 'mean' else np.max(here, 0)
            # Of OR one region that finds a class is enough.
            if join == 'or' and any(one.argmax() for one in here if one is not None):
                if said[y][x]:
                    expected[0, y, x] = ABSENT_LOGIT
    np.testing.assert_allclose(result.seg_logits.data, expected, atol=1e-3)
    np.testing.assert_array_equal(result.pred_sem_seg.data[0], expected.argmax(0))
    regions = [names for _, names in model.module.batches if names != [None]]
    assert sum(
        shape[0] for shape, _ in model.module.batches if shape[2:] != (96, 120)
    ) == len(windows)
    assert not any(any(names) for names in regions)


@pytest.mark.parametrize('background', [True, False])
@pytest.mark.parametrize(
    'join, whole_picture', [('or', 'fallback'), ('max', 'include'), ('mean', 'include')]
)
def test_classes_that_compete_are_weighed_as_in_episodes(
    tiny_clip_json, background, join, whole_picture
):
    """Regions as large as the picture change no label."""
    torch.manual_seed(0)
    dense = MODELS.build(
        ConfigDict(
            type='DenseCLIP',
            with_background=background,
            background=['ground', 'sky'],
            data_preprocessor=dict(
                type='SegDataPreProcessor', mean=[128.0] * 3, std=[60.0] * 3
            ),
            backbone=dict(
                type='DenseCLIPVisionTransformer', architecture=tiny_clip_json
            ),
            text_encoder=dict(type='OpenCLIPTextEncoder', vocabulary=list(COLOURS)),
            decode_head=dict(type='DenseCLIPHead'),
        )
    ).eval()
    image = picture(32, 32)
    plain = dense.test_step(
        dict(
            inputs=[image],
            data_samples=[SegDataSample(metainfo=dict(ori_shape=(32, 32)))],
        )
    )[0]
    labels = plain.pred_sem_seg.data
    assert len(labels.unique()) > 1
    model = zoom(dense, resize=[], join=join, whole_picture=whole_picture)
    for name in COLOURS:
        result = ask(model, image, [(name, (0, 0, 32, 32))])
        assert torch.equal(result.pred_sem_seg.data, labels)


@pytest.mark.parametrize('whole_picture', ['fallback', 'include'])
def test_a_closed_set_without_boxes_is_the_plain_model(whole_picture):
    image = picture(seed=6)
    model = zoom(
        Colours(by_name=False),
        classes=('background', *COLOURS),
        whole_picture=whole_picture,
    )
    logits = ask(model, image).seg_logits.data
    assert not logits[0].any()
    np.testing.assert_array_equal(logits[1:], answer(image))


@pytest.mark.parametrize('whole_picture', ['fallback', 'include', 'never'])
def test_a_background_that_is_not_0_is_made_0(whole_picture):
    image = picture(seed=9)
    model = zoom(whole_picture=whole_picture)
    expected = ask(model, image, REGIONS).seg_logits.data
    model.module.offset = 7
    got = ask(model, image, REGIONS).seg_logits.data
    torch.testing.assert_close(got, expected)


def test_a_closed_set_of_one_channel():
    module = Colours(by_name=False)
    module.out_channels = 1

    def predict(inputs, data_samples):
        logits = inputs[:, 1:2] - 128
        return module.postprocess_result(logits, data_samples)

    module.predict = predict
    image = picture(seed=7)
    result = ask(
        zoom(module, classes=('background', 'green')),
        image,
        [('green', (3, 3, 9, 20)), ('red', (0, 0, 30, 24))],
    )
    expected = np.zeros((24, 30))
    expected[3:20, 3:9] = image[1, 3:20, 3:9] > 128
    np.testing.assert_array_equal(result.pred_sem_seg.data[0], expected)


@pytest.mark.parametrize(
    'whole_picture, boxes, wholes',
    [
        ('fallback', REGIONS, 0),
        ('fallback', [], 1),
        ('include', REGIONS, 1),
        ('never', REGIONS, 0),
        ('never', [], 0),
    ],
)
def test_the_whole_picture_is_asked_only_where_it_counts(whole_picture, boxes, wholes):
    model = zoom(whole_picture=whole_picture)
    ask(model, picture(), boxes, class_name='green')
    seen = [shape[2:] for shape, _ in model.module.batches]
    assert seen.count((96, 120)) == wholes


def test_a_covered_closed_set_needs_no_whole_picture():
    model = zoom(
        Colours(by_name=False, background=False),
        whole_picture='fallback',
        classes=COLOURS,
    )
    ask(model, picture(), [('red', (0, 0, 20, 24)), ('blue', (20, 0, 30, 24))])
    assert len(model.module.batches) == 2  # two shapes of regions
    ask(model, picture(), [('red', (0, 0, 20, 24))])
    assert len(model.module.batches) == 4


def test_pictures_of_different_sizes_and_classes_in_one_batch():
    images = [picture(24, 30, 1), picture(17, 50, 2), picture(24, 30, 3)]
    asked = ['red', 'blue', 'green']
    boxes = [
        [('red', (1, 1, 9, 9)), ('red', (2, 2, 10, 10))],
        [('blue', (40, 5, 48, 13)), ('red', (0, 0, 5, 5))],
        [],
    ]
    samples = [sample(i, b, class_name=c) for i, b, c in zip(images, boxes, asked)]
    model = zoom(whole_picture='fallback')
    results = model.test_step(dict(inputs=images, data_samples=samples))
    # One batch of all regions, then the picture without any.
    assert model.module.batches == [
        ((3, 3, 32, 32), ['red', 'red', 'blue']),
        ((1, 3, 96, 120), ['green']),
    ]
    for result, image, box, name in zip(results, images, boxes, asked):
        alone = ask(zoom(whole_picture='fallback'), image, box, class_name=name)
        assert torch.equal(result.seg_logits.data, alone.seg_logits.data)
        assert result.class_name == name


@pytest.mark.parametrize('size', [1, 2, 7])
def test_batches_of_regions_are_bounded(size):
    boxes = [('red', (k, 0, k + 10, 10)) for k in range(16)]
    boxes += [('red', (0, 0, 2, k + 2)) for k in range(20)]
    model = zoom(crop_batch_size=size)
    ask(model, picture(), boxes, class_name='red')
    numbers = [shape[0] for shape, _ in model.module.batches]
    assert max(numbers) == min(size, 16) and sum(numbers) == 36


def test_padded_regions_share_a_batch_and_lose_the_padding_again():
    image = picture()
    pad = [EXACT, dict(type='Pad', size=(160, 160))]
    boxes = [('red', (2, 3, 12, 9)), ('red', (20, 1, 25, 24))]
    model = zoom(resize=pad, whole_picture='include')
    result = ask(model, image, boxes, class_name='red')
    assert [shape for shape, _ in model.module.batches] == [
        (2, 3, 160, 160),
        (1, 3, 160, 160),
    ]
    other = ask(zoom(whole_picture='include'), image, boxes, class_name='red')
    assert torch.equal(result.seg_logits.data, other.seg_logits.data)


@pytest.mark.parametrize(
    'resize',
    [
        [
            dict(type='Resize', scale=(8, 8)),
            dict(type='RandomFlip', prob=1.0, direction='horizontal'),
        ],
        [dict(type='BAMLetterbox', size=64)],
        [dict(type='Pad', size=(200, 200)), dict(type='Resize', scale=(8, 8))],
    ],
)
def test_what_cannot_be_undone_is_no_resize(resize):
    with pytest.raises(ValueError, match='cannot be undone'):
        ask(zoom(resize=resize), picture(), [('red', (2, 3, 12, 9))], class_name='red')


def test_metainfo_truth_and_source_stay_with_the_result():
    image = picture()
    model = zoom(proposals=Given(saw_test_classes='yes'))
    result = ask(
        model, image, [('red', (2, 3, 12, 9))], class_name='red', img_path='a.jpg'
    )
    assert result.img_path == 'a.jpg' and result.class_name == 'red'
    assert result.proposal_source == 'Given (saw the test classes)'
    # What the segmentor takes, for the protocol that metrics print.
    assert result.img_shape == (96, 120) and result.ori_shape == (24, 30)
    assert result.proposals.names == ['red']
    assert 'masks' not in result.proposals


@pytest.mark.parametrize(
    'kwargs, message',
    [
        (dict(join='and'), "join='and'"),
        (dict(whole_picture='always'), "whole_picture='always'"),
        (dict(margin=-1), 'margin=-1'),
        (dict(crop_batch_size=0), 'crop_batch'),
        (dict(min_size=0), 'min_size=0'),
        (dict(module=dict(background=False)), 'knows of no background'),
        (dict(module=dict(by_name=False), classes=COLOURS), 'no background'),
    ],
)
def test_options_that_do_not_do(kwargs, message):
    kwargs = {'module': {}, **kwargs}
    with pytest.raises(ValueError, match=message):
        zoom(Colours(**kwargs.pop('module')), **kwargs)


def test_a_closed_set_whose_classes_are_not_known():
    image = picture()
    with pytest.raises(ValueError, match='knows of no background'):
        ask(zoom(Colours(by_name=False)), image)
    model = zoom(Colours(by_name=False), whole_picture='fallback')
    model.proposals.needs_names = True
    with pytest.raises(ValueError, match="classes='voc'"):
        ask(model, image)
    model.dataset_meta = dict(classes=('background', *COLOURS))
    ask(model, image)  # as init_model sets it
    model.dataset_meta = dict(classes=COLOURS)
    with pytest.raises(ValueError, match='3 names.* do not fit the 4'):
        ask(model, image)
    del model.module.out_channels
    model.dataset_meta = {}
    model.proposals.needs_names = False
    with pytest.raises(ValueError, match='how many channels'):
        ask(model, image)


def test_a_closed_set_refuses_episodes():
    model = zoom(Colours(by_name=False), classes=('background', *COLOURS))
    with pytest.raises(ValueError, match="asks for 'red' alone, and Colours"):
        ask(model, picture(), class_name='red')


def test_pictures_that_are_not_as_they_were_read():
    image = picture()
    with pytest.raises(ValueError, match=r'take Resize and RandomFlip out'):
        zoom().test_step(
            dict(
                inputs=[image],
                data_samples=[SegDataSample(metainfo=dict(ori_shape=(100, 100)))],
            )
        )
    with pytest.raises(ValueError, match=r'\), flipped'):
        ask(zoom(), image, flip=True)
    with pytest.raises(ValueError, match='Take TestTimeAug out'):
        zoom().test_step(dict(inputs=[[image]], data_samples=[sample(image)]))
    with pytest.raises(NotImplementedError, match='Train the segmentor'):
        zoom()([image], [sample(image)], mode='loss')


@pytest.mark.parametrize('pads', [False, True])
def test_a_padded_picture_says_so_as_in_a_plain_pipeline(pads):
    pad = dict(type='Pad', size=(160, 160))
    model = zoom(resize=[EXACT, pad] if pads else EXACT)
    result = ask(model, picture(), [('red', (2, 3, 12, 9))])
    assert result.get('geometry') == ('letterbox' if pads else None)
    assert result.img_shape == ((160, 160) if pads else (96, 120))


@pytest.mark.parametrize('given', [InstanceData(bboxes=torch.ones(1, 4)), [], 3])
def test_proposals_of_other_pictures_are_refused(given):
    class Wrong(BaseProposals):
        def propose(self, inputs, data_samples, wanted, segment):
            return given

    with pytest.raises(ValueError, match='Wrong: propose.. returns a list of one'):
        ask(zoom(proposals=Wrong()), picture())


def test_the_response_that_self_proposals_ask_for():
    image = picture(seed=8)
    model = zoom(whole_picture='never')
    item = ZoomInput.from_sample(image, sample(image), model.classes)
    (whole,) = model._respond([item])
    expected = torch.from_numpy(answer(image)).float().sigmoid()
    torch.testing.assert_close(whole, expected)
    found = InstanceData(
        bboxes=torch.tensor([[2.0, 3, 12, 9]]),
        labels=torch.tensor([2]),
        scores=torch.ones(1),
        names=['green'],
    )
    (inside,) = model._respond([item], [found])
    expected = torch.zeros(3, 24, 30)
    expected[1, 3:9, 2:12] = (
        torch.from_numpy(answer(image, (2, 3, 12, 9))[1]).float().sigmoid()
    )
    torch.testing.assert_close(inside, expected)
    closed = zoom(Colours(by_name=False), classes=('background', *COLOURS))
    item = ZoomInput.from_sample(image, sample(image), closed.classes)
    (inside,) = closed._respond([item], [found])
    assert inside.shape == (3, 24, 30)
    assert (inside.amax(0) > 0).sum() == 60


def test_padding_twice_is_refused():
    module = Colours()
    module.data_preprocessor.test_cfg = dict(size_divisor=32)
    zoom(module)
    with pytest.raises(ValueError, match='Leave Pad out'):
        zoom(module, resize=[EXACT, dict(type='Pad', size=(160, 160))])


def test_labels_alone_cannot_be_joined():
    module = Colours()
    module.test_cfg = dict(labels_only=True)
    with pytest.raises(ValueError, match='take labels_only out'):
        zoom(module)


def test_what_is_said_of_the_names_in_the_whole_picture_is_kept():
    image, boxes = picture(), [('red', [0, 0, 9, 9])]
    segmentor = Colours()
    segmentor.judges = True
    result = ask(zoom(segmentor, whole_picture='fallback'), image, boxes)
    torch.testing.assert_close(
        result.presence.probability, image.float().amax((1, 2)) / 255
    )
    # Where the whole is not looked at, nothing is said of it; nor of episodes.
    assert 'presence' not in ask(zoom(segmentor), image, boxes)
    asked = zoom(segmentor, whole_picture='fallback')
    assert 'presence' not in ask(asked, image, boxes, class_name='red')


def test_what_is_read_of_a_segmentor_is_listed():
    attributes = set()

    class Recorded(Colours):
        def __getattribute__(self, name):
            reader = sys._getframe(1).f_globals['__name__']
            if reader.startswith('mmseg_clsclip.zoom_in.'):
                attributes.add(name)
            return super().__getattribute__(name)

    for by_name in (True, False):
        model = zoom(Recorded(by_name), whole_picture='fallback')
        ask(model, picture(), [('red', (2, 3, 12, 9))])
        ask(model, picture())
        assert model.decode_head.threshold == 0.5
    listed = {*get_type_hints(PromptableSegmentor), 'test_step'}
    assert attributes - {'__class__'} == listed - {'has_random_weights'}
