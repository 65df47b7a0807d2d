"""Segmentors with a presence: the same masks of fewer names, and a prior."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config, ConfigDict
from mmengine.runner import Runner
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from mmseg_clsclip.datasets.shapes_world import draw
from mmseg_clsclip.models.clip.loading import ASSETS, load_clip
from mmseg_clsclip.models.inference.restoring import ABSENT_LOGIT
from mmseg_clsclip.utils.config_files import configs_folder

# A trained one: which names it finds differs from picture to picture.
TRAINED = 'shapes-clip'
ROOT = Path(__file__).parents[3]
NAMES = ['red circle', 'blue square', 'green ring', 'yellow cross', 'cross']
PRESENCE = dict(type='CLIPPresence', max_names=2, weight=2.0, min_probability=0.9)
NONE = dict(PRESENCE, max_names=1, min_probability=1.0)
ALL = dict(PRESENCE, min_probability=0)
WINDOWS = dict(mode='slide', crop_size=(32, 32), stride=(16, 16))
HEAD = dict(num_heads=2, conv_channels=(8, 4))
NAVIGATED = dict(type='ClsCLIPVisionTransformer', navigate_blocks=(1, 2))
PLAIN = dict(type='CLIPVisionTransformer')
KINDS = dict(
    clsclip=('ClsCLIP', NAVIGATED, dict(HEAD, type='ClsCLIPHead')),
    lseg=('LateFusionSegmentor', PLAIN, dict(HEAD, type='LSegHead')),
    film=('LateFusionSegmentor', PLAIN, dict(HEAD, type='FiLMHead')),
    navigated=('NavigatedLateFusionSegmentor', NAVIGATED, dict(HEAD, type='FiLMHead')),
    dense=(
        'DenseCLIP',
        dict(type='DenseCLIPVisionTransformer'),
        dict(type='DenseCLIPHead'),
    ),
)
each_kind = pytest.mark.parametrize('kind', KINDS)


def build(clip, kind='clsclip', presence=PRESENCE, names=NAMES, text=None, **kwargs):
    torch.manual_seed(2)
    segmentor, backbone, head = KINDS[kind]
    trained = clip == TRAINED
    head = dict(head)
    if kind != 'dense':
        head['in_channels'] = 96 if trained else 32
    if head['type'] in ('LSegHead', 'FiLMHead'):
        head['text_channels'] = 64 if trained else 16
    cfg = dict(
        type=segmentor,
        data_preprocessor=dict(type='SegDataPreProcessor', size=(32, 32)),
        backbone=dict(
            backbone, architecture=clip, pretrained='shipped' if trained else None
        ),
        text_encoder=dict(type='OpenCLIPTextEncoder', vocabulary=names, **text or {}),
        decode_head=head,
        presence=presence,
    )
    return MODELS.build(ConfigDict(cfg, **kwargs)).eval()


def scenes(number, height=40, width=52):
    """Pictures (N, 3, H, W) of Shapes-5i, in which CLIP finds what differs."""
    pictures = [draw(n, 'test').picture for n in range(number)]
    inputs = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)  # RGB
    inputs = (inputs / 255 - 0.45) / 0.27  # as CLIP has it, or about
    return F.interpolate(inputs, (height, width), mode='bilinear', antialias=True)


def metas(number, size, **meta):
    return [dict(ori_shape=size, img_shape=size, **meta) for _ in range(number)]


def infer(model, inputs, **meta):
    with torch.no_grad():
        return model.inference(inputs, metas(len(inputs), inputs.shape[2:], **meta))


def predict(model, inputs, **meta):
    size = tuple(inputs.shape[2:])
    samples = [
        SegDataSample(metainfo={**one, **meta}) for one in metas(len(inputs), size)
    ]
    with torch.no_grad():
        return model.predict(inputs, samples)


def judge(model, inputs, padding=(0, 0, 0, 0)):
    with torch.no_grad():
        return model.presence(
            model.backbone.visual.module,
            model.text_encoder,
            inputs,
            [padding] * len(inputs),
            at_least_one=not model.with_background,
        )


def close(got, want, atol=1e-4):
    torch.testing.assert_close(got, want, atol=atol, rtol=0)


def with_prior(model, logits, presence):
    """Logits (N, K [+1], H, W) with the prior, channel by channel."""
    want = logits.clone()
    shift = int(model.with_background)
    for n, k in np.ndindex(*presence.asked.shape):
        if presence.asked[n, k]:
            want[n, k + shift] += presence.prior[n, k]
        else:
            want[n, k + shift] = ABSENT_LOGIT
    return want


@each_kind
@pytest.mark.parametrize('background', [True, False])
@pytest.mark.parametrize('test_cfg', [dict(mode='whole'), WINDOWS])
def test_the_same_masks_of_fewer_names(kind, background, test_cfg):
    cfg = dict(with_background=background, test_cfg=test_cfg)
    model = build(TRAINED, kind, **cfg)
    plain = build(TRAINED, kind, presence=None, **cfg)
    inputs = scenes(5, 40, 52)
    presence = judge(model, inputs)
    # None, one or several of them, in different pictures.
    assert len(presence.asked.unique(dim=0)) == 3 + background
    assert presence.asked.any(1).all() != background
    want = with_prior(model, infer(plain, inputs), presence)
    close(infer(model, inputs), want)
    alone = torch.cat([infer(model, one) for one in inputs.split(1)])
    close(alone, want)
    results = predict(model, inputs)
    for n, result in enumerate(results):
        close(result.seg_logits.data, want[n])
        assert torch.equal(
            result.pred_sem_seg.data[0], result.seg_logits.data.argmax(0)
        )
        close(result.presence.probability, presence.probability[n], 1e-5)
        assert torch.equal(result.presence.asked, presence.asked[n])
        assert 'presence' not in result.metainfo
    if test_cfg is not WINDOWS:  # the plain forward, without samples
        with torch.no_grad():
            close(model(inputs, mode='tensor'), want)


@each_kind
def test_masks_are_asked_of_these_names_alone(kind):
    model = build(TRAINED, kind)
    asked = []
    answer = model.class_by_class.class_logits
    model.class_by_class.class_logits = lambda model, shared, text, grid: (
        asked.append(text.shape[:2].numel()) or answer(model, shared, text, grid)
    )
    calls = []
    judgement = type(model.presence).__call__

    class Counting(type(model.presence)):
        def __call__(self, *args, **kwargs):
            calls.append(1)
            return judgement(self, *args, **kwargs)

    model.presence.__class__ = Counting
    results = predict(model, scenes(3, 32, 32))
    assert sum(asked) == sum(int(r.presence.asked.sum()) for r in results)
    assert 0 < sum(asked) < 15
    assert len(calls) == 1


@pytest.mark.parametrize('kind', ['clsclip', 'lseg', 'dense'])
@pytest.mark.parametrize('background', [True, False])
@pytest.mark.parametrize('presence', [PRESENCE, NONE, ALL])
@pytest.mark.parametrize(
    'meta',
    [
        dict(ori_shape=(80, 31)),
        dict(flip=True, flip_direction='horizontal', padding_size=(0, 5, 0, 3)),
    ],
)
def test_labels_alone_are_the_same_labels(kind, background, presence, meta):
    inputs = scenes(3, 40, 52)
    full, labels = (
        build(
            TRAINED,
            kind,
            presence,
            with_background=background,
            test_cfg=dict(class_batch_size=2, labels_only=only),
        )
        for only in (False, True)
    )
    for one, other in zip(
        predict(full, inputs, **meta), predict(labels, inputs, **meta)
    ):
        assert 'seg_logits' in one and 'seg_logits' not in other
        assert torch.equal(one.pred_sem_seg.data, other.pred_sem_seg.data)
        assert torch.equal(one.presence.asked, other.presence.asked)
        assert one.pred_sem_seg.data.dtype == other.pred_sem_seg.data.dtype
        if presence is NONE:
            numbers = other.pred_sem_seg.data.unique()
            assert len(numbers) == 1 and (not background or not numbers.any())


@each_kind
@pytest.mark.parametrize('labels_only', [False, True])
def test_a_batch_is_judged_once(tiny_clip_json, kind, labels_only):
    model = build(
        tiny_clip_json, kind, PRESENCE, test_cfg=dict(labels_only=labels_only)
    )
    judge, calls = model.presence, []
    model.presence = lambda *args, **kwargs: calls.append(1) or judge(*args, **kwargs)
    predict(model, scenes(2, 32, 32))
    assert len(calls) == 1


@each_kind
@pytest.mark.parametrize('test_cfg', [dict(labels_only=True), WINDOWS])
def test_episodes_are_left_alone(tiny_clip_json, kind, test_cfg):
    model = build(tiny_clip_json, kind, NONE, test_cfg=test_cfg)
    plain = build(tiny_clip_json, kind, None, test_cfg=test_cfg)
    inputs = torch.randn(2, 3, 40, 52)
    want = infer(plain, inputs, class_name='green ring')
    assert torch.equal(infer(model, inputs, class_name='green ring'), want)
    for one, other in zip(
        predict(model, inputs, class_name='cross'),
        predict(plain, inputs, class_name='cross'),
    ):
        assert torch.equal(one.seg_logits.data, other.seg_logits.data)
        assert 'presence' not in one


@each_kind
@pytest.mark.parametrize('test_cfg', [dict(mode='whole'), WINDOWS])
def test_where_no_name_is_likely_all_is_background(tiny_clip_json, kind, test_cfg):
    model = build(tiny_clip_json, kind, NONE, test_cfg=test_cfg)
    inputs = torch.randn(2, 3, 40, 52)
    logits = infer(model, inputs)
    assert not logits[:, 0].any() and (logits[:, 1:] == ABSENT_LOGIT).all()
    for result in predict(model, inputs):
        assert not result.pred_sem_seg.data.any() and not result.presence.asked.any()
        assert not result.seg_logits.data[1:].sigmoid().any()


@each_kind
@pytest.mark.parametrize('test_cfg', [dict(mode='whole'), WINDOWS])
def test_without_a_background_one_name_is_asked(tiny_clip_json, kind, test_cfg):
    model = build(tiny_clip_json, kind, NONE, with_background=False, test_cfg=test_cfg)
    for result in predict(model, torch.randn(3, 3, 40, 52)):
        best = int(result.presence.probability.argmax())
        assert result.presence.asked.nonzero().tolist() == [[best]]
        assert (result.pred_sem_seg.data == best).all()


@pytest.mark.parametrize('presence', [PRESENCE, NONE, ALL])
@pytest.mark.parametrize('background', [True, False])
@pytest.mark.parametrize('names', [NAMES, ['ring']])
def test_mmsegs_flips_go_around_it(tiny_clip_json, presence, background, names):
    model = build(
        tiny_clip_json, presence=presence, names=names, with_background=background
    )
    tta = MODELS.build(dict(type='SegTTAModel', module=model))
    image = torch.randint(0, 256, (3, 32, 32), dtype=torch.uint8)
    views = [(image, {}), (image.flip(2), dict(flip=True, flip_direction='horizontal'))]
    data = dict(
        inputs=[[view] for view, _ in views],
        data_samples=[
            [SegDataSample(metainfo=dict(metas(1, (32, 32))[0], img_path='', **flip))]
            for _, flip in views
        ],
    )
    with torch.no_grad():
        (merged,) = tta.test_step(data)
    labels = merged.pred_sem_seg.data
    assert labels.shape[-2:] == (32, 32)
    if presence is NONE and background and len(names) > 1:
        assert not labels.any()
    if len(names) == 1 and not background:
        assert labels.all()  # mmseg's threshold


@each_kind
@pytest.mark.parametrize('background', [True, False])
@pytest.mark.parametrize('labels_only', [False, True])
def test_a_vocabulary_of_one_name(tiny_clip_json, kind, background, labels_only):
    cfg = dict(
        names=['ring'],
        with_background=background,
        test_cfg=dict(labels_only=labels_only),
    )
    inputs = torch.randn(2, 3, 32, 32)
    for presence in (PRESENCE, NONE):
        model = build(tiny_clip_json, kind, presence, **cfg)
        plain = build(tiny_clip_json, kind, None, **cfg)
        for one, other in zip(predict(model, inputs), predict(plain, inputs)):
            assert torch.equal(one.pred_sem_seg.data, other.pred_sem_seg.data)
            assert one.presence.asked.tolist() == [True]


@each_kind
@pytest.mark.parametrize('key', ['padding_size', 'img_padding_size'])
def test_padding_is_none_of_the_picture(kind, key):
    model = build(TRAINED, kind)
    plain = build(TRAINED, kind, presence=None)
    inputs = scenes(2, 40, 52)
    inputs[..., 47:] = inputs[..., 33:, :] = 50
    cut = inputs[..., :33, :47]
    presence = judge(model, cut)
    seen = judge(model, inputs)
    assert (presence.probability - seen.probability).abs().max() > 1e-2
    meta = {key: (0, 5, 0, 7), 'ori_shape': (33, 47)}
    want = with_prior(model, infer(plain, inputs), presence)
    close(infer(model, inputs, **{key: (0, 5, 0, 7)}), want)
    for n, result in enumerate(predict(model, inputs, **meta)):
        close(result.seg_logits.data, want[n, :, :33, :47])
        close(result.presence.probability, presence.probability[n], 1e-5)


@pytest.mark.parametrize('pad', [dict(size=(48, 64)), dict(size_divisor=64)])
def test_so_is_the_padding_of_mmsegs_preprocessor(tiny_clip_json, pad):
    model = build(tiny_clip_json)
    model.data_preprocessor = MODELS.build(
        dict(type='SegDataPreProcessor', mean=[99] * 3, std=[50] * 3, test_cfg=pad)
    )
    image = torch.randint(0, 256, (3, 33, 47), dtype=torch.uint8)
    sample = SegDataSample(metainfo=metas(1, (33, 47))[0])
    with torch.no_grad():
        (result,) = model.test_step(dict(inputs=[image], data_samples=[sample]))
    presence = judge(model, ((image.float() - 99) / 50)[None])
    close(result.presence.probability, presence.probability[0], 1e-5)
    assert result.pred_sem_seg.shape == (33, 47)


@each_kind
def test_precision_is_the_test_configs(kind):
    model, half = (
        build(TRAINED, kind, ALL, test_cfg=dict(dtype=dtype))
        for dtype in ('float32', 'bfloat16')
    )
    inputs = scenes(2, 24, 16)
    full = infer(model, inputs)
    with torch.autocast('cpu', torch.bfloat16):
        close(infer(model, inputs), full, 1e-5)
    got = infer(half, inputs)
    assert got.dtype == torch.float32 and got.isfinite().all()
    assert 1e-5 < (got - full).abs().max() < 0.1 * full.abs().max()
    for result in predict(half, inputs):
        assert result.presence.probability.dtype == torch.float32


@each_kind
@pytest.mark.parametrize('chunk', [1, 2, 3, 100])
def test_batches_of_pairs_change_nothing(kind, chunk):
    model = build(TRAINED, kind)
    other = build(TRAINED, kind, test_cfg=dict(class_batch_size=chunk))
    inputs = scenes(3, 32, 32)
    close(infer(other, inputs), infer(model, inputs))


@each_kind
@pytest.mark.parametrize('test_cfg', [dict(mode='whole'), WINDOWS])
def test_fewer_at_once_if_memory_runs_out(kind, test_cfg):
    model = build(TRAINED, kind, ALL, test_cfg=test_cfg)
    inputs = scenes(2, 32, 48)
    want = infer(model, inputs)
    answer, numbers = model.class_by_class.class_logits, []

    def small(model, shared, text, grid):
        number = text.shape[:2].numel()
        if number > 3:
            raise torch.cuda.OutOfMemoryError('CUDA out of memory.')
        numbers.append(number)
        return answer(model, shared, text, grid)

    model.class_by_class.class_logits = small
    with pytest.warns(UserWarning, match='too much for the memory'):
        close(infer(model, inputs), want)
    assert max(numbers) <= 3


@each_kind
def test_a_copy_asks_the_copy(kind):
    model = build(TRAINED, kind)
    inputs = scenes(2, 32, 32)
    want = infer(model, inputs)
    other = copy.deepcopy(model)
    assert torch.equal(infer(other, inputs), want)
    other.text_encoder.set_vocabulary(['ring', 'cross'])
    other.presence.weight = 0.0
    assert infer(other, inputs).shape[1] == 3
    assert torch.equal(infer(model, inputs), want)


@each_kind
def test_vocabulary_weights_and_prompts_may_be_set_later(tiny_clip_json, kind):
    # All are asked, so that there is something to compare.
    model = build(tiny_clip_json, kind, ALL)
    inputs = torch.randn(2, 3, 32, 32)
    first = infer(model, inputs)
    others = ['blue ring', ['disc', 'circle'], 'red cross']
    model.text_encoder.set_vocabulary(others)
    fresh = build(tiny_clip_json, kind, ALL, names=others)
    close(infer(model, inputs), infer(fresh, inputs))
    prompts = {'disc': 'green circle'}
    model.text_encoder.prompts = prompts
    read = build(tiny_clip_json, kind, ALL, names=others, text=dict(prompts=prompts))
    close(infer(model, inputs), infer(read, inputs))
    assert judge(model, inputs).probability[0].ne(judge(fresh, inputs)[0][0]).any()
    model.text_encoder.prompts = None
    model.text_encoder.set_vocabulary(NAMES)
    close(infer(model, inputs), first)
    with torch.no_grad():
        for one in (model, fresh):
            one.text_encoder.clip.module.token_embedding.weight *= -3
    fresh.text_encoder.set_vocabulary(NAMES)
    second = infer(model, inputs)
    close(second, infer(fresh, inputs))
    assert (first - second).abs().max() > 1e-2


@each_kind
@pytest.mark.parametrize('size', [(1, 1), (1, 500), (500, 1), (3, 200)])
def test_very_thin_pictures(tiny_clip_json, kind, size):
    model = build(tiny_clip_json, kind, ALL)
    plain = build(tiny_clip_json, kind, presence=None)
    inputs = torch.randn(1, 3, *size)
    want = with_prior(model, infer(plain, inputs), judge(model, inputs))
    close(infer(model, inputs), want, 1e-3)


# Where there is no text tower.


@each_kind
def test_the_text_tower_may_go_where_a_caption_is_a_name(tiny_clip_json, kind):
    presence = dict(ALL, max_names=1)
    freed, kept = (
        build(tiny_clip_json, kind, presence, text=dict(free_tower=free))
        for free in (True, False)
    )
    inputs = torch.randn(2, 3, 32, 32)
    for _ in range(2):
        close(infer(freed, inputs), infer(kept, inputs))
    assert freed.text_encoder.clip is None


@each_kind
def test_a_vocabulary_may_be_a_file_where_a_caption_is_a_name(
    tiny_clip_json, tmp_path, kind
):
    presence = dict(ALL, max_names=1)
    named = build(tiny_clip_json, kind, presence)
    path = tmp_path / 'text.npy'
    np.save(path, named.text_encoder().numpy())
    file = dict(embeddings=str(path), names=NAMES)
    model = build(tiny_clip_json, kind, presence, names=file)
    inputs = torch.randn(2, 3, 32, 32)
    close(infer(model, inputs), infer(named, inputs))
    with pytest.raises(ValueError, match='a file of embeddings: give its names alone'):
        build(tiny_clip_json, kind, names=file)
    later = build(tiny_clip_json, kind)
    later.text_encoder.set_vocabulary(file)
    with pytest.raises(ValueError, match='a file of embeddings: give its names alone'):
        infer(later, inputs)


@pytest.mark.parametrize(
    'cfg, message',
    [
        (dict(test_cfg=dict(keep_classes=2)), 'max_asked=2 there, and take keep'),
        (dict(text=dict(free_tower=True)), 'free_tower=True drops it'),
        (dict(presence=dict(views='whole')), "no type: write dict.type='CLIPPresence'"),
        (dict(presence={}), "no type: write dict.type='CLIPPresence'"),
        (dict(presence='CLIPPresence'), "presence='CLIPPresence': write a dict or"),
        (dict(presence=dict(PRESENCE, weight='2')), "weight='2': write a number"),
    ],
)
def test_what_does_not_do_is_refused_when_it_is_built(tiny_clip_json, cfg, message):
    with pytest.raises(ValueError, match=message):
        build(tiny_clip_json, **cfg)


# Other CLIPs.


def variant(path, folder, vision=None, **top):
    config = json.loads(Path(path).read_text())
    config['vision_cfg'].update(vision or {})
    for key, value in top.items():
        config[key] = (
            dict(config.get(key, {}), **value) if isinstance(value, dict) else value
        )
    merges = 'shapes-bpe.txt.gz'
    (folder / merges).write_bytes(Path(path).with_name(merges).read_bytes())
    path = folder / f'presence-{folder.parent.name}-{folder.name}.json'
    path.write_text(json.dumps(config))
    return str(path)


COCA = dict(
    custom_text=True,
    vision_cfg=dict(
        image_size=32,
        layers=4,
        width=32,
        head_width=16,
        patch_size=8,
        output_tokens=True,
        attentional_pool=True,
        attn_pooler_queries=4,
        attn_pooler_heads=2,
    ),
    text_cfg=dict(embed_cls=True, output_tokens=True),
    multimodal_cfg=dict(
        context_length=20, vocab_size=560, width=16, heads=2, layers=1, mlp_ratio=2
    ),
)


@pytest.mark.parametrize('kind', ['clsclip', 'lseg'])
@pytest.mark.parametrize(
    'vision, top',
    [(dict(pool_type='avg'), {}), ({}, COCA), ({}, dict(custom_text=True))],
    ids=['average', 'coca', 'custom-text'],
)
def test_other_clips(tiny_clip_json, tmp_path, kind, vision, top):
    clip = variant(tiny_clip_json, tmp_path, vision, **top)
    model = build(clip, kind, dict(PRESENCE, views='whole', min_probability=0))
    plain = build(clip, kind, presence=None)
    inputs = torch.randn(2, 3, 40, 52)
    presence = judge(model, inputs)
    close(infer(model, inputs), with_prior(model, infer(plain, inputs), presence))
    # The whole of open_clip's own passes.
    tower = load_clip(clip).model
    view = F.interpolate(inputs, (32, 32), mode='bilinear', antialias=True)
    words = [f'a photo of a {name}' for name in NAMES]
    with torch.no_grad():
        cosines = (
            tower.encode_image(view, normalize=True)
            @ tower.encode_text(load_clip(clip).tokenizer(words), normalize=True).T
        )
    single = build(clip, kind, dict(PRESENCE, views='whole', max_names=2, shortlist=1))
    want = (tower.logit_scale.exp() * cosines).softmax(1)
    close(judge(single, inputs).probability, want, 1e-4)


# ZoomIn around it.


@pytest.mark.parametrize('kind', ['clsclip', 'dense'])
@pytest.mark.parametrize('whole_picture', ['fallback', 'include', 'never'])
@pytest.mark.parametrize('presence', [PRESENCE, NONE, ALL])
def test_zoom_in_goes_around_it(tiny_clip_json, kind, whole_picture, presence):
    torch.manual_seed(0)
    image = torch.randint(0, 256, (3, 40, 52), dtype=torch.uint8)

    def look(presence, **meta):
        model = MODELS.build(
            dict(
                type='ZoomIn',
                module=build(tiny_clip_json, kind, presence),
                proposals=dict(type='SelfProposals'),
                resize=dict(type='Resize', scale=(32, 32)),
                whole_picture=whole_picture,
            )
        )
        sample = SegDataSample(metainfo={**metas(1, (40, 52))[0], **meta})
        with torch.no_grad():
            (result,) = model.test_step(dict(inputs=[image], data_samples=[sample]))
        return result

    result = look(presence)
    assert result.seg_logits.shape[-2:] == (40, 52)
    assert result.seg_logits.data.shape[0] == 6
    if presence is NONE:
        # SelfProposals looks where the whole picture found something.
        assert not result.pred_sem_seg.data.any()
        assert not len(result.proposals)
    episode, plain = (look(one, class_name='cross') for one in (presence, None))
    assert torch.equal(episode.seg_logits.data, plain.seg_logits.data)


# In mmengine's Runner.


def run(tmp_path, config, options, *, tta=False):
    cfg = Config.fromfile(ROOT / f'configs/{config}.py')
    cfg.merge_from_dict(options)  # as --cfg-options has them
    cfg.merge_from_dict(
        dict(
            load_from=str(ASSETS / 'clsclip_shapes-5i_fold0.pth'),
            work_dir=str(tmp_path),
            log_level='ERROR',
        )
    )
    cfg.visualizer.vis_backends = None
    loader = cfg.test_dataloader
    loader.update(batch_size=8, num_workers=0, persistent_workers=False)
    dataset = loader.dataset
    dataset.get('dataset', dataset).length = 12
    if tta:  # as tools/test.py --tta
        dataset.pipeline = cfg.tta_pipeline
        cfg.model = dict(cfg.tta_model, module=cfg.model)
    return Runner.from_cfg(cfg).test()


PLAIN_CONFIG = 'shapes/clsclip_shapes-5i_whole'
OPTIONS = {
    'model.presence.type': 'CLIPPresence',
    'model.presence.views': 'whole',
    'model.presence.weight': 2.0,
    'model.presence.min_probability': 0.1,
}


@pytest.fixture(scope='module')
def plain(tmp_path_factory):
    """What the shipped head finds of all names at once."""
    return run(tmp_path_factory.mktemp('plain'), PLAIN_CONFIG, {})['mIoU']


@pytest.mark.parametrize(
    'options, tta',
    [({}, False), ({'model.test_cfg.labels_only': True}, False), ({}, True)],
    ids=['whole', 'labels-only', 'flips'],
)
def test_it_is_an_option_of_a_config_and_finds_more(tmp_path, plain, options, tta):
    found = run(tmp_path, PLAIN_CONFIG, {**OPTIONS, **options}, tta=tta)
    assert found['mIoU'] > plain + 10


def test_figures_of_episodes_are_left_alone(tmp_path):
    config = 'shapes/clsclip_shapes-5i_fold0'
    plain, other = (run(tmp_path, config, cfg) for cfg in ({}, OPTIONS))
    assert plain['miou_unseen'] == other['miou_unseen'] > 0


@pytest.mark.parametrize('pretrained', ['shipped', None])
def test_numbers_of_another_clip_are_refused_unless_all_is_random(pretrained):
    cfg = Config.fromfile(configs_folder() / 'shapes/clsclip_shapes-5i_whole.py').model
    cfg.backbone.pretrained = pretrained
    cfg.presence = dict(PRESENCE, calibration=dict(clip='ViT-B-16@0'))
    if pretrained is None:
        assert MODELS.build(cfg).has_random_weights
        return
    with pytest.raises(
        ValueError, match="calibrated for the CLIP 'ViT-B-16@0', and this is 'shapes-"
    ):
        MODELS.build(cfg)
