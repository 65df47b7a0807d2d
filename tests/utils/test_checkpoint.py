"""Checkpoints that fit their model key by key."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner, load_checkpoint
from mmseg.apis import MMSegInferencer, init_model
from mmseg.registry import MODELS
from torch import Tensor

from mmseg_clsclip.utils.checkpoint import load_strictly

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / 'configs/shapes/clsclip_shapes-5i_fold0.py'
CHECKPOINT = str(ROOT / 'mmseg_clsclip/assets/clsclip_shapes-5i_fold0.pth')


def test_a_checkpoint_that_does_not_fit_is_an_error():
    cfg = Config.fromfile(CONFIG)
    assert 'meta' in load_strictly(MODELS.build(cfg.model), CHECKPOINT)
    cfg.model.decode_head.num_layers = 1
    with pytest.raises(
        ValueError,
        match=r'does not fit the config: 12 '
        r'unexpected keys \(decode_head.layers.1',
    ):
        load_strictly(MODELS.build(cfg.model), CHECKPOINT)
    cfg.model.decode_head.update(num_layers=3, conv_channels=(8, 4))
    with pytest.raises(ValueError, match='size mismatch(.|\n)*12 missing'):
        load_strictly(MODELS.build(cfg.model), CHECKPOINT)


@pytest.mark.parametrize('content', [b'', b'some text\n'])
def test_what_is_no_checkpoint_is_named(tmp_path, content):
    path = tmp_path / 'model.pth'
    path.write_bytes(content)
    model = MODELS.build(Config.fromfile(CONFIG).model)
    with pytest.raises(ValueError, match='model.pth is no checkpoint'):
        load_strictly(model, str(path))
    path.write_bytes(Path(CHECKPOINT).read_bytes()[:500000])
    with pytest.raises(ValueError, match='model.pth is no whole checkpoint'):
        load_strictly(model, str(path))


def built(stem):
    return MODELS.build(Config.fromfile(ROOT / f'configs/{stem}.py').model)


def fcn():
    return MODELS.build(
        dict(
            type='EncoderDecoder',
            backbone=dict(type='ResNet', depth=18),
            decode_head=dict(
                type='FCNHead', in_channels=512, channels=8, num_classes=21
            ),
        )
    )


def by_runner(path, tmp_path):
    cfg = Config.fromfile(CONFIG)
    cfg.update(load_from=path, work_dir=str(tmp_path), log_level='ERROR')
    cfg.visualizer.vis_backends = None
    Runner.from_cfg(cfg).test()


LOADERS = dict(
    runner=by_runner,
    init_model=lambda path, _: init_model(CONFIG, path, device='cpu'),
    inferencer=lambda path, _: MMSegInferencer(str(CONFIG), path, device='cpu'),
    zoom_in=lambda path, _: load_checkpoint(
        built('clsclip_plus/clsclip-plus_shapes-5i_fold0'), path
    ),
    torch=lambda path, _: built('shapes/clsclip_shapes-5i_fold0').load_state_dict(
        torch.load(path)['state_dict']
    ),
)


@pytest.mark.parametrize('loader', LOADERS)
def test_whoever_loads_a_misfit_it_is_refused(loader, tmp_path):
    checkpoint = torch.load(CHECKPOINT)
    whole = checkpoint['state_dict']
    states = {
        '37 missing keys.*[(]clip_name': fcn().state_dict(),
        '4 unexpected keys.*gamma.* 6 missing keys [(]backbone.projections': built(
            'baselines/film_shapes-5i_fold0'
        ).state_dict(),
        '1 missing key [(]clip_name': {
            key: whole[key] for key in whole if key != 'clip_name'
        },
        '1 missing key [(]decode_head.conv_seg.bias': {
            key: whole[key] for key in whole if key != 'decode_head.conv_seg.bias'
        },
        '1 unexpected key [(]backbone.prompts': dict(
            whole, **{'backbone.prompts': torch.zeros(1)}
        ),
        'size mismatch for decode_head.conv_seg.bias: [(]2,': dict(
            whole, **{'decode_head.conv_seg.bias': torch.zeros(2)}
        ),
    }
    path = str(tmp_path / 'model.pth')
    for told, state in states.items():
        torch.save(dict(checkpoint, state_dict=state), path)
        with pytest.raises(ValueError, match=f'not fit the config.*{told}'):
            LOADERS[loader](path, tmp_path)


def spoilt(value, by):
    """Return a copy of weights with another number in one place."""
    value = value.clone()
    value.view(-1)[0] = by
    return value


BIAS = 'decode_head.conv_seg.bias'


@pytest.mark.parametrize('loader', ['runner', 'init_model', 'zoom_in'])
def test_whoever_loads_damaged_weights_they_are_refused(loader, tmp_path):
    checkpoint, path = torch.load(CHECKPOINT), str(tmp_path / 'model.pth')
    checkpoint['state_dict'][BIAS] /= 0
    torch.save(checkpoint, path)
    with pytest.raises(ValueError, match=f'damaged: {BIAS} is NaN or inf'):
        LOADERS[loader](path, tmp_path)


@pytest.mark.parametrize(
    'spoil, words',
    [
        (lambda value: spoilt(value, float('nan')), 'NaN or infinite'),
        (lambda value: spoilt(value, float('-inf')), 'NaN or infinite'),
        (lambda value: value + 1j, 'of type torch.complex64, not of floating'),
        (Tensor.long, 'of type torch.int64, not of floating'),
        (Tensor.bool, 'of type torch.bool, not of floating'),
        (Tensor.to_sparse, 'no dense tensor'),
    ],
)
def test_weights_are_finite_floating_point_numbers(spoil, words):
    state = torch.load(CHECKPOINT)['state_dict']
    state[BIAS] = spoil(state[BIAS])
    model = MODELS.build(Config.fromfile(CONFIG).model)
    with pytest.raises(ValueError, match=f'damaged: {BIAS} is {words}'):
        model.load_state_dict(state)


def test_a_model_of_mmsegs_and_a_part_are_looked_at_too(tmp_path):
    model, path = fcn(), str(tmp_path / 'model.pth')
    for key in ('decode_head.conv_seg.weight', 'backbone.bn1.running_var'):
        state = model.state_dict()
        state[key] = state[key] / 0
        torch.save(state, path)
        with pytest.raises(ValueError, match=f'model.pth: .*damaged: {key} is NaN'):
            load_strictly(model, path)
    model = MODELS.build(Config.fromfile(CONFIG).model)
    key = 'decode_head.conv_seg.weight'
    part = {key: model.state_dict()[key] / 0}
    with pytest.raises(ValueError, match=f'damaged: {key} is NaN'):
        model.load_state_dict(part, strict=False)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_another_precision_load(dtype):
    model = MODELS.build(Config.fromfile(CONFIG).model)
    state = torch.load(CHECKPOINT)['state_dict']
    key = 'decode_head.conv_seg.weight'
    model.load_state_dict(dict(state, **{key: state[key].to(dtype)}))
    assert torch.allclose(model.state_dict()[key], state[key], atol=0.01)


@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_a_model_of_mmsegs_is_held_to_it_too(prefix, tmp_path):
    """Its weights are read as mmengine reads them, and words are ours."""
    model, path = fcn(), str(tmp_path / 'model.pth')
    state = {prefix + key: value for key, value in model.state_dict().items()}
    torch.save(dict(state_dict=state, meta=dict(a=1)), path)
    other = fcn()
    assert load_strictly(other, path)['meta'] == dict(a=1)
    for key, value in model.state_dict().items():
        assert torch.equal(other.state_dict()[key], value)
    key = f'{prefix}decode_head.conv_seg.bias'
    del state[f'{prefix}decode_head.conv_seg.weight']
    for value, words in ((torch.zeros(2), r'\(2,\)'), ('text', 'None')):
        state.update({key: value, 'what.else': value})
        torch.save(state, path)
        with pytest.raises(
            ValueError,
            match=r'model.pth does not fit the config: size mismatch for '
            rf'decode_head.conv_seg.bias: {words} in the checkpoint, \(21,\) in '
            r'the model; 1 unexpected key \(what.else\); 1 missing key '
            r'\(decode_head.conv_seg.weight\). Take the config',
        ):
            load_strictly(fcn(), path)


@pytest.mark.parametrize('content', [[1], {1: 2}, dict(state_dict=3)])
def test_what_holds_no_weights_by_name_is_no_checkpoint(content, tmp_path):
    torch.save(content, tmp_path / 'model.pth')
    with pytest.raises(ValueError, match='model.pth is no checkpoint that torch'):
        load_strictly(fcn(), str(tmp_path / 'model.pth'))


def test_what_needs_no_training_takes_no_weights_of_another():
    dense = str(ROOT / 'configs/baselines/maskclip_shapes-5i_fold0.py')
    init_model(dense, 'none', device='cpu')
    with pytest.raises(ValueError, match='39 unexpected keys'):
        init_model(dense, CHECKPOINT, device='cpu')


def test_a_part_is_loaded_by_those_who_ask_for_it():
    whole = torch.load(CHECKPOINT)['state_dict']
    key = 'decode_head.conv_seg.weight'
    cfg = Config.fromfile(CONFIG).model
    model = MODELS.build(cfg)
    found = model.load_state_dict({key: whole[key]}, strict=False)
    assert len(found.missing_keys) == len(whole) - 3  # the CLIP and the settings, too
    assert torch.equal(model.state_dict()[key], whole[key])
    with pytest.raises(ValueError, match='does not fit'):
        model.load_state_dict({key: whole[key]})
    cfg.decode_head.init_cfg = dict(
        type='Pretrained', checkpoint=CHECKPOINT, prefix='decode_head.'
    )
    model = MODELS.build(cfg)
    model.init_weights()
    state = model.state_dict()
    assert torch.equal(state[key], whole[key])
    key = 'backbone.projections.0.weight'
    assert not torch.equal(state[key], whole[key])
