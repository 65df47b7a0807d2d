"""QueryDenseCLIP: pixel by pixel what SCLIP, NACLIP and ClearCLIP decide."""

import copy

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from mmseg_clsclip import Predictor
from mmseg_clsclip.apis.export import PicturesToLogits

NAMES = [
    ['red circle', 'red disc', 'red ball'],
    'blue square',
    ['green ring', 'green annulus'],
    'yellow cross',
    ['cross', 'plus'],
]
GROUND = ['sky', 'wall', 'tree', 'wood', 'grass', 'road', 'sea']
SLIDE = dict(mode='slide', crop_size=(32, 32), stride=(16, 16))
SIZE, ORIGINAL = (40, 56), (61, 83)


def build(
    clip, kind='QueryDenseCLIP', names=NAMES, text=None, test_cfg=SLIDE, **kwargs
):
    return MODELS.build(
        ConfigDict(
            type=kind,
            data_preprocessor=dict(type='SegDataPreProcessor', size=(32, 32)),
            backbone=dict(
                type='DenseCLIPVisionTransformer', architecture=clip, attention='qq+kk'
            ),
            text_encoder=dict(
                type='OpenCLIPTextEncoder',
                vocabulary=names,
                normalize=True,
                **dict(dict(templates=['a {}', 'photo of a {}']), **text or {}),
            ),
            decode_head=dict(type='DenseCLIPHead'),
            test_cfg=test_cfg,
            **kwargs,
        )
    ).eval()


def pictures(number=2):
    return torch.randn(number, 3, *SIZE, generator=torch.manual_seed(3))


def predict(model, inputs, **meta):
    samples = [
        SegDataSample(metainfo=dict(ori_shape=ORIGINAL, img_shape=SIZE, **meta))
        for _ in inputs
    ]
    with torch.no_grad():
        return model.predict(inputs, samples)


def labels_of(model, inputs, **meta):
    samples = predict(model, inputs, **meta)
    return torch.stack([s.pred_sem_seg.data[0] for s in samples]).long()


@torch.no_grad()
def plain(model, inputs, scale, prob_thd=0.0, area_thd=0.0, ground=GROUND, names=NAMES):
    """The labels (N, H, W) of the papers' formula, from the same features."""
    groups = [ground] * bool(ground) + [[n] if isinstance(n, str) else n for n in names]
    queries, index = [], []
    for k, group in enumerate(groups):
        for name in group:  # templates by hand, without the text encoder
            tokens = model.text_encoder.tokenizer([f'a {name}', f'photo of a {name}'])
            texts = F.normalize(
                model.text_encoder.clip.module.encode_text(tokens), dim=-1
            )
            queries.append(F.normalize(texts.mean(0), dim=0))
            index.append(k)
    queries, index = torch.stack(queries), torch.tensor(index)
    total, count = 0, 0
    for y in (0, 8):
        for x in (0, 16, 24):  # the last ones end at the edge
            part = inputs[..., y : y + 32, x : x + 32]
            dense = F.normalize(model.backbone(part)[0], dim=1)
            cos = F.interpolate(
                torch.einsum('qd,ndhw->nqhw', queries, dense), (32, 32), mode='bilinear'
            )
            around = (x, SIZE[1] - x - 32, y, SIZE[0] - y - 32)
            total = total + F.pad(cos, around)
            count = count + F.pad(torch.ones_like(cos), around)
    cos = F.interpolate(total / count, ORIGINAL, mode='bilinear')
    answers = []
    for probability in (scale * cos).softmax(1):
        score = torch.stack(
            [probability[index == k].amax(0) for k in range(len(groups))]
        )
        if area_thd:
            area = torch.stack(
                [(score.argmax(0) == k).sum() for k in range(len(score))]
            )
            for k in range(1, len(score)):
                score[k] *= area[k] > area_thd * area[1:].sum()
        label = score.argmax(0)
        label[score.amax(0) < prob_thd] = 0
        answers.append(label)
    return torch.stack(answers)


@pytest.mark.parametrize('scale', [40, 65])
@pytest.mark.parametrize('prob_thd', [0, 0.3, 0.5])
@pytest.mark.parametrize('area_thd', [0, 0.2])
def test_pixels_are_those_of_the_formula(tiny_clip_json, scale, prob_thd, area_thd):
    thresholds = dict(prob_thd=prob_thd, area_thd=area_thd)
    model = build(tiny_clip_json, softmax_scale=scale, background=GROUND, **thresholds)
    inputs = pictures()
    want = plain(model, inputs, scale, **thresholds)
    assert len(want.unique()) > 2
    assert torch.equal(labels_of(model, inputs), want)


def test_the_simple_form_decides_otherwise(tiny_clip_json):
    simple = build(tiny_clip_json, 'DenseCLIP', background=GROUND)
    inputs = pictures()
    want = plain(simple, inputs, 40)
    assert (labels_of(simple, inputs) != want).float().mean() > 0.05


def test_each_threshold_changes_pixels(tiny_clip_json):
    inputs = pictures()
    labels = [
        labels_of(build(tiny_clip_json, background=GROUND, **thresholds), inputs)
        for thresholds in ({}, dict(prob_thd=0.3), dict(area_thd=0.2))
    ]
    assert (labels[1] == 0).sum() > (labels[0] == 0).sum()
    assert not torch.equal(labels[2], labels[0])


@pytest.mark.parametrize('names', [NAMES, ['cross']])
def test_without_a_background(tiny_clip_json, names):
    model = build(tiny_clip_json, names=names, with_background=False)
    inputs = pictures()
    if len(names) > 1:
        want = plain(model, inputs, 40, ground=[], names=names)
        assert torch.equal(labels_of(model, inputs), want)
    (sample, _) = predict(model, inputs)
    assert sample.seg_logits.data.shape == (len(names), *ORIGINAL)


@pytest.mark.parametrize('background', [True, False])
@pytest.mark.parametrize('prob_thd', [0, 0.3])
def test_labels_alone_are_the_same(tiny_clip_json, background, prob_thd):
    kwargs = dict(with_background=background, prob_thd=prob_thd * background)
    inputs = pictures()
    whole, few = (
        build(
            tiny_clip_json,
            background=GROUND,
            test_cfg=dict(SLIDE, labels_only=alone, class_batch_size=size),
            **kwargs,
        )
        for alone, size in ((False, None), (True, 3))
    )
    assert 'seg_logits' not in predict(few, inputs)[0]
    assert torch.equal(labels_of(few, inputs), labels_of(whole, inputs))


def test_labels_alone_have_no_next_best(tiny_clip_json):
    test_cfg = dict(mode='whole', labels_only=True)
    model = build(tiny_clip_json, area_thd=0.1, test_cfg=test_cfg)
    with pytest.raises(ValueError, match='area_thd=0.1 .*labels_only=False'):
        predict(model, pictures())


def test_one_name_a_class_is_the_simple_form(tiny_clip_json):
    names = [n if isinstance(n, str) else n[0] for n in NAMES]
    kwargs = dict(names=names, background=['sky'])
    inputs = pictures()
    query, simple = (
        labels_of(build(tiny_clip_json, kind, **kwargs), inputs)
        for kind in ('QueryDenseCLIP', 'DenseCLIP')
    )
    assert torch.equal(query, simple)


def test_an_episode_is_the_whole_vocabulary_read_for_its_class(tiny_clip_json):
    model = build(tiny_clip_json, background=GROUND, prob_thd=0.3)
    inputs = pictures()
    whole = labels_of(model, inputs)
    for name, label in (('red ball', 1), ('blue square', 2)):
        assert torch.equal(labels_of(model, inputs, class_name=name), whole == label)
    with pytest.raises(ValueError, match="'blue ring'.*text_encoder.vocabulary"):
        predict(model, inputs, class_name='blue ring')


def test_a_presence_asks_fewer_names(tiny_clip_json):
    presence = dict(type='CLIPPresence', max_names=1, min_probability=0, max_asked=2)
    model = build(tiny_clip_json, background=GROUND, presence=presence)
    inputs = pictures(1)
    (sample,) = predict(model, inputs)
    asked = sample.presence.asked.tolist()
    assert sum(asked) == 2
    logits = sample.seg_logits.data
    assert [bool(c.max() > -5e3) for c in logits[1:]] == asked
    # The same of a vocabulary of these two, but for the prior.
    two = copy.deepcopy(model)
    two.presence.weight = 0.0
    fewer = [name for name, is_asked in zip(NAMES, asked) if is_asked]
    alone = build(tiny_clip_json, names=fewer, background=GROUND)
    (sample,), (want,) = predict(two, inputs), predict(alone, inputs)
    torch.testing.assert_close(
        sample.seg_logits.data[[0, *(k + 1 for k, is_ in enumerate(asked) if is_)]],
        want.seg_logits.data,
    )
    two.test_cfg.labels_only = True
    assert torch.equal(labels_of(two, inputs), sample.pred_sem_seg.data)


@pytest.mark.parametrize('max_names', [None, 1])
def test_the_text_tower_may_go_and_the_vocabulary_may_change(tiny_clip_json, max_names):
    inputs, presence = pictures(1), None
    if max_names:  # whose captions are names
        presence = dict(type='CLIPPresence', max_names=max_names)
    both = dict(background=GROUND, presence=presence)
    freed = build(tiny_clip_json, **both, text=dict(free_tower=True))
    model = build(tiny_clip_json, **both)
    # Not by predict() first.
    torch.testing.assert_close(
        freed.encode_decode(inputs, None), model.encode_decode(inputs, None)
    )
    for _ in range(2):
        assert torch.equal(labels_of(freed, inputs), labels_of(model, inputs))
    assert freed.text_encoder.clip is None
    names = [['square', 'box'], 'ring']
    other = build(tiny_clip_json, names=names, **both)
    for labels_only in (False, True):
        model.test_cfg.labels_only = other.test_cfg.labels_only = labels_only
        model.text_encoder.set_vocabulary(NAMES)
        labels_of(model, inputs)
        model.text_encoder.set_vocabulary(names)
        assert torch.equal(labels_of(model, inputs), labels_of(other, inputs))
    model.test_cfg.labels_only = False
    assert predict(model, inputs)[0].seg_logits.data.shape[0] == 3


def test_embeddings_of_a_file_are_one_query_a_class(tiny_clip_json, tmp_path):
    file = tmp_path / 'texts.pt'
    torch.save(torch.randn(len(NAMES), 16), file)
    names = dict(embeddings=str(file), names=NAMES)
    model = build(tiny_clip_json, names=names, with_background=False)
    assert labels_of(model, pictures()).max() < len(NAMES)
    assert model.query_text.shape == (len(NAMES), 16)


def test_half_precision_and_batches(tiny_clip_json):
    inputs = pictures()
    model = build(tiny_clip_json, background=GROUND)
    labels = labels_of(model, inputs)
    alone = torch.cat([labels_of(model, part) for part in inputs.split(1)])
    assert torch.equal(alone, labels)
    half = build(
        tiny_clip_json, background=GROUND, test_cfg=dict(SLIDE, dtype='bfloat16')
    )
    assert (labels_of(half, inputs) == labels).float().mean() > 0.9


@pytest.mark.parametrize(
    'wrong, message',
    [
        (dict(prob_thd=0.1, with_background=False), 'prob_thd=0.1 .*with_background'),
        (dict(area_thd=0.1, with_background=False), 'area_thd=0.1 .*with_background'),
        (dict(prob_thd=2), 'prob_thd=2: write a number from 0 to 1'),
        (dict(softmax_scale=0), 'softmax_scale=0: write a number above 0'),
    ],
)
def test_what_cannot_be_is_refused(tiny_clip_json, wrong, message):
    with pytest.raises(ValueError, match=message):
        build(tiny_clip_json, **wrong)


def test_it_is_exported_in_its_simple_form(tiny_clip_json):
    with pytest.raises(ValueError, match="export type='DenseCLIP'"):
        PicturesToLogits(build(tiny_clip_json))


@pytest.mark.parametrize('zoom_in', [False, True])
def test_a_predictor_asks_it(zoom_in):
    shapes = 'baselines/maskclip_shapes-5i_fold0.py'
    options = {
        'model.type': 'QueryDenseCLIP',
        'model.background': ['picture', 'photo'],
        'model.prob_thd': 0.2,
    }
    classes = [['red circle', 'red disc'], 'blue square', 'green ring']
    predictor = Predictor(
        shapes, classes=classes, zoom_in=zoom_in, device='cpu', cfg_options=options
    )
    prediction = predictor('shapes-5i://test/0/000004.bmp')
    assert prediction.logits.shape == (3, 128, 128)
    labels = prediction.labels()
    assert labels.shape == (128, 128) and 0 < (labels > 0).mean() < 1
