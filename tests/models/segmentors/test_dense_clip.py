"""Dense CLIP: its last block against plain formulas, and who competes."""

import json
import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config, ConfigDict
from mmengine.runner import Runner
from mmengine.runner.checkpoint import CheckpointLoader
from mmseg.apis import inference_model, init_model
from mmseg.registry import MODELS

from mmseg_clsclip import DenseCLIPVisionTransformer, load_clip
from mmseg_clsclip.datasets.shapes_world import draw

CONFIGS = Path(__file__).parents[3] / 'configs' / 'baselines'
MASKCLIP = str(CONFIGS / 'maskclip_shapes-5i_fold0.py')
METHODS = dict(
    maskclip=('v', True),
    sclip=('qq+kk', True),
    naclip=('neighbour', False),
    clearclip=('qq', False),
)
ATTENTIONS = ('qk', 'v', 'qq', 'kk', 'qq+kk', 'neighbour')
NAMES = ['red circle', 'blue square', 'green ring', 'yellow cross', 'cross']


def variant(path, name, **vision):
    """The tiny CLIP with another visual tower."""
    path = Path(path)
    config = json.loads(path.read_text())
    config['vision_cfg'].update(vision)
    path = path.with_name(f'{name}.json')
    path.write_text(json.dumps(config))
    return load_clip(str(path))


@pytest.fixture(scope='module', params=['plain', 'layer-scale'])
def clip(request, tiny_clip_json):
    if request.param == 'plain':
        return load_clip(tiny_clip_json)
    clip = variant(tiny_clip_json, 'scaled-clip', ls_init_value=0.5)
    block = clip.model.visual.transformer.resblocks[-1]
    for scale in (block.ls_1, block.ls_2):
        torch.nn.init.uniform_(scale.gamma, 0.2, 2)
    return clip


def reference(visual, inputs, attention, residual):
    """One picture, one head, one pair of patches at a time."""
    depth = len(visual.transformer.resblocks)
    before = visual.forward_intermediates(
        inputs, indices=[depth - 2], output_fmt='NLC', output_extra_tokens=True
    )
    batch = torch.cat(
        [before['image_intermediates_prefix'][0], before['image_intermediates'][0]], 1
    )
    block = visual.transformer.resblocks[-1]
    rows = []
    for x in batch:
        y = block.ln_1(x)
        w = block.attn.in_proj_weight.chunk(3)
        b = block.attn.in_proj_bias.chunk(3)
        q, k, v = (y @ w[i].T + b[i] for i in range(3))
        heads = []
        for part in torch.arange(x.shape[1]).chunk(block.attn.num_heads):
            own = dict(q=q[:, part], k=k[:, part])
            if attention == 'v':
                weights = torch.eye(len(x))
            elif attention == 'neighbour':
                logits = own['k'] @ own['k'].T / math.sqrt(len(part))
                for i in range(16):
                    for j in range(16):
                        near = (i // 4 - j // 4) ** 2 + (i % 4 - j % 4) ** 2
                        logits[1 + i, 1 + j] += math.exp(-near / 50)
                weights = logits.softmax(-1)
            else:
                weights = sum(
                    (own[a] @ own[c].T / math.sqrt(len(part))).softmax(-1)
                    for a, c in attention.split('+')
                )
            heads.append(weights @ v[:, part])
        out = block.ls_1(block.attn.out_proj(torch.cat(heads, 1)))
        if residual:
            out = x + out
            out = out + block.ls_2(block.mlp(block.ln_2(out)))
        rows.append(visual.ln_post(out[1:]) @ visual.proj)
    return torch.stack(rows)


@torch.no_grad()
@pytest.mark.parametrize('residual', [True, False])
@pytest.mark.parametrize('attention', ATTENTIONS)
def test_the_last_block_is_the_formula(clip, attention, residual):
    inputs = torch.randn(2, 3, 32, 32)
    backbone = DenseCLIPVisionTransformer(
        clip=clip, attention=attention, residual=residual
    )
    (got,) = backbone(inputs)
    assert got.shape == (2, 16, 4, 4)
    torch.testing.assert_close(
        got.flatten(2).transpose(1, 2),
        reference(clip.model.visual, inputs, attention, residual),
        atol=1e-5,
        rtol=0,
    )


@torch.no_grad()
def test_unmodified_it_is_open_clips_own_tower(clip, monkeypatch):
    visual, inputs = clip.model.visual, torch.randn(2, 3, 32, 32)
    (got,) = DenseCLIPVisionTransformer(clip=clip, attention='qk')(inputs)
    monkeypatch.setattr(visual, 'output_tokens', True)
    _, tokens = visual(inputs)
    torch.testing.assert_close(
        got.flatten(2).transpose(1, 2), tokens @ visual.proj, atol=1e-5, rtol=0
    )


@torch.no_grad()
@pytest.mark.parametrize('attention', ATTENTIONS)
@pytest.mark.parametrize('size', [(48, 24), (30, 37), (5, 90)])
def test_any_size_and_batch(clip, attention, size):
    backbone = DenseCLIPVisionTransformer(clip=clip, attention=attention)
    inputs = torch.randn(3, 3, *size)
    (got,) = backbone(inputs)
    h, w = -(-size[0] // 8), -(-size[1] // 8)
    assert got.shape == (3, 16, h, w)
    alone = torch.cat([backbone(part)[0] for part in inputs.split(1)])
    torch.testing.assert_close(got, alone, atol=1e-5, rtol=0)
    whole = F.pad(inputs, (0, 8 * w - size[1], 0, 8 * h - size[0]))
    assert torch.equal(got, backbone(whole)[0])


@pytest.mark.parametrize('grid', [(4, 4), (1, 5), (7, 3)])
def test_the_window_is_a_gaussian_of_the_distance(grid):
    window = DenseCLIPVisionTransformer._window(grid, torch.zeros(1))
    places = [(y, x) for y in range(grid[0]) for x in range(grid[1])]
    assert window.shape == (1 + len(places),) * 2
    assert not window[0].any() and not window[:, 0].any()
    for i, a in enumerate(places):
        for j, b in enumerate(places):
            assert window[1 + i, 1 + j].item() == pytest.approx(
                math.exp(-(math.dist(a, b) ** 2) / (2 * 5**2)), abs=1e-6
            )


def test_nothing_is_trained(tiny_clip_json):
    model = build(tiny_clip_json).train()
    assert not any(p.requires_grad for p in model.parameters())
    assert not model.backbone.visual.module.training
    assert set(model.state_dict()) == {'clip_name'}
    assert not model.backbone(torch.randn(1, 3, 32, 32))[0].requires_grad
    with pytest.raises(NotImplementedError, match='training-free'):
        model(torch.randn(1, 3, 32, 32), [], mode='loss')


def test_an_unknown_attention_is_answered_with_the_known_ones(clip):
    with pytest.raises(
        ValueError,
        match="attention='kq': write one of 'qk', "
        r"'v', 'qq', 'kk', 'qq\+kk', 'neighbour'",
    ):
        DenseCLIPVisionTransformer(clip=clip, attention='kq')


@pytest.mark.parametrize(
    'vision',
    [dict(attentional_pool=True, attn_pooler_heads=2), dict(block_type='custom')],
)
def test_a_tower_that_does_not_do_is_refused(tiny_clip_json, vision):
    clip = variant(tiny_clip_json, f'odd-clip-{len(vision)}', **vision)
    with pytest.raises(ValueError, match='use a ViT such as'):
        DenseCLIPVisionTransformer(clip=clip)


def build(architecture, names=NAMES, test_cfg=None, text=None, **kwargs):
    return MODELS.build(
        ConfigDict(
            type='DenseCLIP',
            data_preprocessor=dict(type='SegDataPreProcessor', size=(32, 32)),
            backbone=dict(type='DenseCLIPVisionTransformer', architecture=architecture),
            text_encoder=dict(
                type='OpenCLIPTextEncoder', vocabulary=names, **text or {}
            ),
            decode_head=dict(type='DenseCLIPHead'),
            test_cfg=test_cfg or dict(mode='whole'),
            **kwargs,
        )
    ).eval()


def metas(number, size, name=None):
    meta = dict(ori_shape=size, img_shape=size)
    return [dict(meta, class_name=name) if name else meta] * number


def cosines(model, inputs, names):
    """Scaled cosines (N, K, H, W) of names, pair by pair."""
    (dense,) = model.backbone(inputs)
    text = model.text_encoder(names)
    cos = torch.stack(
        [F.cosine_similarity(dense, t[None, :, None, None]) for t in text], 1
    )
    h, w = cos.shape[-2:]
    cos = F.interpolate(cos, (8 * h, 8 * w), mode='bilinear')
    scale = model.text_encoder.clip.module.logit_scale.exp()
    return scale * cos[..., : inputs.shape[2], : inputs.shape[3]]


GROUND = ['ground', 'photo', 'picture']


@pytest.fixture(scope='module')
def model(tiny_clip_json):
    return build(tiny_clip_json, background=GROUND)


@pytest.fixture(scope='module')
def bare(tiny_clip_json):
    return build(tiny_clip_json, with_background=False)


@torch.no_grad()
@pytest.mark.parametrize('size', [(32, 32), (40, 29)])
def test_a_background_is_the_best_of_its_names(model, size):
    inputs = torch.randn(2, 3, *size)
    logits = model.inference(inputs, metas(2, size))
    assert logits.shape == (2, 6, *size) and not logits[:, 0].any()
    classes = cosines(model, inputs, NAMES)
    ground = cosines(model, inputs, GROUND).amax(1, keepdim=True)
    torch.testing.assert_close(logits[:, 1:], classes - ground, atol=1e-4, rtol=0)
    same = logits.argmax(1) == torch.cat([ground, classes], 1).argmax(1)
    assert same.float().mean() > 0.999  # but for ties


@torch.no_grad()
def test_without_a_background_nothing_is_subtracted(bare):
    inputs = torch.randn(2, 3, 32, 32)
    logits = bare.inference(inputs, metas(2, (32, 32)))
    torch.testing.assert_close(logits, cosines(bare, inputs, NAMES), atol=1e-4, rtol=0)
    assert not hasattr(bare, 'background_text')


@torch.no_grad()
def test_an_episode_is_the_whole_vocabulary_read_for_its_class(model):
    inputs = torch.randn(5, 3, 40, 29)
    whole = model.inference(inputs, metas(5, (40, 29)))
    asked = [metas(1, (40, 29), name)[0] for name in NAMES]
    logits = model.inference(inputs, asked)
    assert logits.shape == (5, 2, 40, 29)
    for n in range(5):
        others = [k for k in range(6) if k != n + 1]
        rival = whole[n, others].amax(0)
        torch.testing.assert_close(
            logits[n, 1], whole[n, n + 1] - rival, atol=1e-4, rtol=0
        )
        assert torch.equal(logits[n].argmax(0) == 1, whole[n].argmax(0) == n + 1)


@torch.no_grad()
def test_an_episode_asks_by_any_synonym(tiny_clip_json):
    model = build(tiny_clip_json, ['cross', ['red circle', 'red ring']])
    inputs = torch.randn(1, 3, 32, 32)
    first, second = (
        model.inference(inputs, metas(1, (32, 32), name))
        for name in ('red circle', 'red ring')
    )
    assert torch.equal(first, second) and first[:, 1].any()


@torch.no_grad()
def test_an_episode_without_background(tiny_clip_json, bare):
    inputs = torch.randn(1, 3, 32, 32)
    whole = bare.inference(inputs, metas(1, (32, 32)))
    logits = bare.inference(inputs, metas(1, (32, 32), 'green ring'))
    assert logits.shape == (1, 1, 32, 32)
    assert torch.equal(logits[:, 0] > 0, whole.argmax(1) == 2)
    alone = build(tiny_clip_json, ['cross'], with_background=False)
    torch.testing.assert_close(
        alone.inference(inputs, metas(1, (32, 32), 'cross')),
        cosines(alone, inputs, ['cross']),
        atol=1e-4,
        rtol=0,
    )


def test_a_class_outside_the_vocabulary_is_refused(model):
    with pytest.raises(ValueError, match="'blue ring'.*text_encoder.vocab"):
        model.inference(torch.randn(1, 3, 32, 32), metas(1, (32, 32), 'blue ring'))


@pytest.mark.parametrize('names', [[], 'ground', ['ground', 'cross']])
def test_a_wrong_background_is_refused(tiny_clip_json, names):
    with pytest.raises(ValueError, match="a list of names|'cross' stands for a class"):
        build(tiny_clip_json, background=names)


def test_a_class_that_is_the_background_is_refused_later(tiny_clip_json):
    model = build(tiny_clip_json, background=['ground'])
    model.text_encoder.set_vocabulary(['cross', ['soil', 'ground']])
    with pytest.raises(ValueError, match="'ground' stands for a class"):
        model.inference(torch.randn(1, 3, 32, 32), metas(1, (32, 32)))


@pytest.mark.parametrize('name', ['red&nbsp;ring', 'RED  ring', 'red\xa0ring'])
def test_a_background_that_is_read_like_a_class_is_refused(tiny_clip_json, name):
    with pytest.raises(ValueError, match=r"too \('red ring'\), which would"):
        build(tiny_clip_json, ['cross', 'red ring'], background=[name])
    model = build(tiny_clip_json, ['cross'], background=['wall', name])
    model.text_encoder.set_vocabulary(['cross', ['square', 'red ring']])
    with pytest.raises(ValueError, match=r"too \('red ring'\), which would"):
        model.inference(torch.randn(1, 3, 32, 32), metas(1, (32, 32)))


@torch.no_grad()
def test_what_is_set_later_is_the_backgrounds_too(tiny_clip_json):
    model = build(tiny_clip_json, background=GROUND)
    inputs = torch.randn(1, 3, 32, 32)
    first = model(inputs, mode='tensor')
    model.text_encoder.templates = templates = ['a {}', 'photo of a {}']
    wanted = build(tiny_clip_json, background=GROUND, text=dict(templates=templates))
    second = model(inputs, mode='tensor')
    torch.testing.assert_close(second, wanted(inputs, mode='tensor'))
    assert (first - second).abs().max() > 1e-2
    model.text_encoder.clip.module.logit_scale.add_(1)
    third = model(inputs, mode='tensor')
    torch.testing.assert_close(third, second * math.e)


@torch.no_grad()
@pytest.mark.parametrize('name', [None, 'green ring'])
@pytest.mark.parametrize('chunk', [1, 2, 100])
def test_chunks_and_batches_do_not_change_the_result(
    tiny_clip_json, model, chunk, name
):
    other = build(
        tiny_clip_json,
        background=GROUND,
        test_cfg=dict(mode='whole', class_batch_size=chunk),
    )
    inputs, meta = torch.randn(3, 3, 32, 32), metas(3, (32, 32), name)
    expected = model.inference(inputs, meta)
    alone = torch.cat([model.inference(part, meta[:1]) for part in inputs.split(1)])
    for got in (other.inference(inputs, meta), alone):
        torch.testing.assert_close(got, expected, atol=1e-4, rtol=0)


@torch.no_grad()
def test_sliding_windows(tiny_clip_json, model):
    slide = build(
        tiny_clip_json,
        background=GROUND,
        test_cfg=dict(mode='slide', crop_size=(32, 32), stride=(32, 16)),
    )
    inputs = torch.randn(1, 3, 32, 48)
    got = slide.inference(inputs, metas(1, (32, 48)))
    left, right = (
        model.inference(view, metas(1, (32, 32)))
        for view in (inputs[..., :32], inputs[..., 16:])
    )
    expected = torch.cat(
        [left[..., :16], (left[..., 16:] + right[..., :16]) / 2, right[..., 16:]], -1
    )
    torch.testing.assert_close(got, expected, atol=1e-4, rtol=0)
    # An episode's margin is that of the means, not the mean of margins.
    episode = slide.inference(inputs, metas(1, (32, 48), 'green ring'))
    k = 1 + NAMES.index('green ring')
    rival = expected[:, [i for i in range(6) if i != k]].amax(1)
    torch.testing.assert_close(episode[:, 1], expected[:, k] - rival, atol=1e-4, rtol=0)


@torch.no_grad()
@pytest.mark.parametrize('attention', ATTENTIONS)
@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_autocast(tiny_clip_json, attention, dtype):
    model = build(tiny_clip_json)
    model.backbone.attention = attention
    inputs = torch.randn(1, 3, 32, 32)
    full = model(inputs, mode='tensor')
    with torch.autocast('cpu', dtype):
        half = model(inputs, mode='tensor')
    assert half.dtype == torch.float32
    assert (full - half).abs().max() < 0.05 * full.abs().max()


@torch.no_grad()
def test_the_text_tower_may_go(tiny_clip_json, model):
    freed = build(tiny_clip_json, background=GROUND, text=dict(free_tower=True))
    inputs = torch.randn(1, 3, 32, 32)
    for _ in range(2):
        torch.testing.assert_close(
            freed(inputs, mode='tensor'), model(inputs, mode='tensor')
        )
    assert freed.text_encoder.clip is None


@pytest.mark.parametrize('method', METHODS)
def test_each_method_is_a_config(method):
    cfg = Config.fromfile(CONFIGS / f'{method}_shapes-5i_fold0.py')
    backbone = cfg.model.backbone
    assert (backbone.attention, backbone.residual) == METHODS[method]
    assert cfg.test_dataloader.dataset.dataset.fold == 0
    assert cfg.train_dataloader is None


def test_it_tests_without_a_checkpoint_and_with_flips(tmp_path):
    cfg = Config.fromfile(MASKCLIP)
    cfg.test_dataloader.update(batch_size=5, num_workers=0, persistent_workers=False)
    cfg.test_dataloader.dataset.dataset.length = 8
    cfg.merge_from_dict(
        dict(load_from='none', work_dir=str(tmp_path), log_level='ERROR')
    )
    cfg.visualizer.vis_backends = None
    # As tools/test.py --tta does it.
    cfg.test_dataloader.dataset.pipeline = cfg.tta_pipeline
    cfg.model = dict(cfg.tta_model, module=cfg.model)
    metrics = Runner.from_cfg(cfg).test()
    assert 0 <= metrics['miou_unseen'] <= 100
    assert metrics['protocol']['views'] == 2


def test_only_the_word_none_is_no_checkpoint(tmp_path):
    assert CheckpointLoader.load_checkpoint('none') == dict(state_dict={}, meta={})
    with pytest.raises(FileNotFoundError):
        CheckpointLoader.load_checkpoint('none.pth')


@pytest.mark.parametrize('checkpoint', [None, 'none'])
def test_init_model_and_inference_model(checkpoint):
    model = init_model(MASKCLIP, checkpoint, device='cpu')
    assert model.dataset_meta['classes'][:2] == ('background', 'red circle')
    picture = draw(0, 'test').picture[..., ::-1].copy()
    pred = inference_model(model, picture).pred_sem_seg.data
    assert pred.shape == (1, 128, 128) and pred.unique().numel() > 1


def test_the_config_for_clips_own_weights_reads_clips_templates():
    cfg = Config.fromfile(CONFIGS / 'maskclip_vit-b16_voc21-336.py')
    assert cfg.model.text_encoder == dict(
        type='OpenCLIPTextEncoder', vocabulary='voc', templates='clip', normalize=True
    )
    assert 'navigate_blocks' not in cfg.model.backbone
    assert cfg.model.test_cfg.crop_size == (224, 224)
