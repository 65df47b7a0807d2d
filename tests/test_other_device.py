"""On another device: the CPU's numbers, from tensors that are all there."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from other_device import DEVICE, Device, another_device, bring, send, sent

from mmseg_clsclip import Predictor
from mmseg_clsclip.apis import predictor
from mmseg_clsclip.models.clip.loading import ASSETS

CONFIGS = Path(__file__).parents[1] / 'configs'
pytestmark = pytest.mark.skipif(
    torch.cuda.is_available()
    or not torch.backends.cuda.is_built()
    or not hasattr(torch._C, '_ensureCUDADeviceGuardSet'),
    reason='of a torch that is built for accelerators, where none is',
)


def build(config, **options):
    cfg = Config.fromfile(CONFIGS / f'{config}.py')
    cfg.merge_from_dict({f'model.{key}': value for key, value in options.items()})
    torch.manual_seed(0)
    return MODELS.build(cfg.model)


def batch(name=None):
    """Two noisy pictures, and where their things are."""
    generator = torch.manual_seed(1)
    samples = []
    for k in range(2):
        mask = torch.zeros(1, 64, 64, dtype=torch.long)
        mask[:, 10:30, 10 + k : 40] = 1
        meta = dict(ori_shape=(64, 64), img_shape=(64, 64), img_path=f'{k}.png')
        sample = SegDataSample(metainfo=dict(meta, class_name=name) if name else meta)
        sample.gt_sem_seg = PixelData(data=mask)
        samples.append(sample)
    pixels = torch.randint(256, (2, 3, 64, 64), dtype=torch.uint8, generator=generator)
    return dict(inputs=list(pixels), data_samples=samples)


# Against tests that pass whatever happens.


def test_two_devices_are_not_mixed():
    with another_device():
        far = torch.arange(3.0, device=DEVICE)
        assert far.device == DEVICE and (far + 1).device == DEVICE
        with pytest.raises(RuntimeError, match='two devices'):
            far + torch.ones(3)
        with pytest.raises(RuntimeError, match='two devices'):
            torch.ones(3)[far.long()]
        with pytest.raises(RuntimeError, match='two devices'):
            torch.stack([far[0], torch.tensor(2.0)])
        with pytest.raises(TypeError, match='cpu'):
            far.numpy()
        far[torch.tensor([0, 2])] = torch.tensor(5.0)
        assert torch.equal(far.cpu(), torch.tensor([5.0, 1, 5]))
        assert (far * torch.tensor(2.0)).tolist() == [10, 2, 10]


def test_what_the_host_waits_for():
    with another_device():
        far = torch.arange(3.0, device=DEVICE).to(DEVICE)
        far = torch.stack([far, far + 1]).max(0).values.where(far > 0, 0)
        torch.ones(3).to(DEVICE, non_blocking=True)
        assert not Device.waits
        waiting = (
            lambda x: torch.ones(3).to(DEVICE),
            lambda x: x.new_tensor(2.0),
            lambda x: x.cpu(),
            lambda x: x.tolist(),
            lambda x: x.nonzero(),
            lambda x: x[x > 1],
            lambda x: bool(x.any()),
        )
        for number, wait in enumerate(waiting, 1):
            wait(far)
            assert Device.waits.total() == number


# Predictions.


def compare(got, want):
    for ours, theirs in zip(got, want, strict=True):
        labels, expected = ours.pred_sem_seg.data, theirs.pred_sem_seg.data
        assert labels.device == DEVICE
        # Other batches of classes: their sums may end in another digit.
        assert (bring(labels) != expected).float().mean() < 0.002
        if 'seg_logits' in theirs:
            torch.testing.assert_close(
                bring(ours.seg_logits.data), theirs.seg_logits.data, atol=1e-3, rtol=0
            )


SLIDE = {
    'test_cfg.mode': 'slide',
    'test_cfg.crop_size': (48, 48),
    'test_cfg.stride': (16, 16),
}
LABELS = {'test_cfg.labels_only': True, 'test_cfg.class_batch_size': 7}
PRESENCE = 'generalized/clsclip-gate-presence_shapes-15-5_fold0'
PLUS = 'clsclip_plus/clsclip-plus_shapes-5i_fold0'
TRAINED = (
    'shapes/clsclip',
    'shapes/clsclip-gate',
    'baselines/film',
    'baselines/lseg',
    'ablations/clsclip_tokens-4_channel',
    'ablations/clsclip_token',
    'ablations/clsclip_vpt',
    'ablations/clsclip_film',
    'ablations/clsclip_pseudo-inverse',
)
TRAINING_FREE = 'baselines/maskclip', 'baselines/naclip'


@pytest.mark.parametrize(
    ('config', 'name', 'waits', 'options'),
    [
        *((f'{row}_shapes-5i_fold0', 'red circle', 0, {}) for row in TRAINED),
        # The numbers of episodes' classes, among those that compete, are copied.
        *((f'{row}_shapes-5i_fold0', 'red circle', 1, {}) for row in TRAINING_FREE),
        *(
            (f'{row}_shapes-5i_fold0', None, 0, {})
            for row in (*TRAINED, *TRAINING_FREE)
        ),
        ('shapes/clsclip_shapes-5i_fold0', None, 0, SLIDE),
        ('baselines/sclip_shapes-5i_fold0', None, 0, SLIDE),
        # Whose logits are these? Once for each batch of classes.
        ('shapes/clsclip_shapes-5i_fold0', None, 3, {**SLIDE, **LABELS}),
        # Which names are asked, and which were, twice.
        ('shapes/clsclip_shapes-5i_fold0', None, 3, {'test_cfg.keep_classes': 5}),
    ],
)
def test_predictions_are_the_cpus(config, name, waits, options):
    model = build(config, **options).eval()

    def predict(model):
        data = model.data_preprocessor(batch(name))
        Device.waits.clear()
        return model(**data, mode='predict')

    with torch.no_grad():
        want = predict(model)
        with another_device():
            other = sent(model)
            predict(other)  # texts are read once
            got = predict(other)
            assert Device.waits.total() == waits, Device.waits
    compare(got, want)


@pytest.mark.parametrize('options', [{}, LABELS])
def test_a_presence_is_the_cpus(options):
    model = build(PRESENCE, **options).eval()
    with torch.no_grad():
        want = model.test_step(batch())
        with another_device():
            got = sent(model).test_step(batch())
    compare(got, want)


@pytest.mark.parametrize('source', ['', '_detector', '_ground-truth', '_windows'])
@pytest.mark.parametrize('name', ['red circle', None])
def test_zooming_in_is_the_cpus(source, name):
    model = build(PLUS + source).eval()
    with torch.no_grad():
        want = model.test_step(batch(name))
        with another_device():
            got = sent(model).test_step(batch(name))
    compare(got, want)


def test_a_region_is_copied_and_not_waited_for():
    model = build(f'{PLUS}_windows', crop_batch_size=64).eval()
    waits = []
    for side in (2, 4):
        model.proposals.grid = (side, side)
        with torch.no_grad(), another_device():
            other = sent(model)
            other.test_step(batch('red circle'))
            Device.waits.clear()
            other.test_step(batch('red circle'))
            waits.append(Device.waits.total())
    # Its pixels, and the order in which mmseg takes their channels.
    assert waits[1] - waits[0] == 2 * (16 - 4) * 2


def test_auto_is_the_half_precision_of_the_device():
    model = build(f'{TRAINED[0]}_shapes-5i_fold0', **{'test_cfg.dtype': 'auto'}).eval()
    with torch.no_grad():
        want = model.test_step(batch())
        with another_device():
            other = sent(model)
            cast = other.class_by_class.in_precision(other, DEVICE)
            assert {w.dtype for w in cast.backbone.parameters()} == {torch.bfloat16}
            got = other.test_step(batch())
    for ours, theirs in zip(got, want, strict=True):
        differ = bring(ours.pred_sem_seg.data) != theirs.pred_sem_seg.data
        assert 0 < differ.float().mean() < 0.1  # random heads: many are near a tie


def test_half_precision_stays_so_through_the_tower():
    """Where a text weighs patches by a sum, which this device does in float32."""
    backbone = build('ablations/clsclip_spatial_shapes-5i_fold0').backbone.eval()
    inputs, text = torch.zeros(1, 3, 64, 64), torch.zeros(1, 1, backbone.text_dim)
    with torch.no_grad(), another_device():
        other = sent(backbone).to(torch.bfloat16)
        with torch.autocast('cuda', torch.bfloat16):
            (maps,) = other(send(inputs), send(text))
    assert maps.dtype == torch.bfloat16


def test_a_picture_is_answered_as_on_the_cpu(monkeypatch):
    picture = torch.randint(256, (60, 80, 3), generator=torch.manual_seed(1))
    picture = picture.byte().numpy()
    names = dict(classes=['red circle', ['ring', 'annulus']], zoom_in=True)
    exact = dict(cfg_options={'model.test_cfg.dtype': 'float32'})
    want = Predictor(**names, **exact, device='cpu')(picture)
    monkeypatch.setattr(predictor, 'check_device', str)
    with another_device():
        got = Predictor(**names, **exact, device=str(DEVICE))(picture)
    assert (got.labels() == want.labels()).all()
    assert got.presence == pytest.approx(want.presence, abs=1e-6)


# Training and evaluation.


@pytest.mark.parametrize(
    ('config', 'names'),
    [
        *((row, 'red circle') for row in TRAINED),
        ('ablations/clsclip_four-names', ('red circle', 'cross', 'ring', 'blue cross')),
    ],
)
def test_losses_are_the_cpus(config, names):
    model = build(f'{config}_shapes-5i_fold0')

    def losses(model):
        data = model.data_preprocessor(batch(names), True)
        return model(**data, mode='loss')

    want = losses(model)
    with another_device():
        got = losses(sent(model))
    assert all(torch.allclose(bring(got[key]), want[key], atol=1e-5) for key in want), (
        got,
        want,
    )


@pytest.mark.parametrize(
    ('config', 'checkpoint'),
    [
        ('shapes/clsclip_shapes-5i_fold0', 'clsclip'),
        (PRESENCE, 'clsclip-gate'),
        (PLUS, 'clsclip'),
    ],
)
def test_metrics_are_the_cpus(config, checkpoint, tmp_path, monkeypatch):
    cfg = Config.fromfile(CONFIGS / f'{config}.py')
    cfg.merge_from_dict(
        dict(
            work_dir=str(tmp_path),
            load_from=str(ASSETS / f'{checkpoint}_shapes-5i_fold0.pth'),
            test_dataloader=dict(num_workers=0, persistent_workers=False),
        )
    )
    dataset = cfg.test_dataloader.dataset
    dataset.get('dataset', dataset).indices = 8

    def metrics():
        return Runner.from_cfg(copy.deepcopy(cfg)).test()

    want = metrics()
    monkeypatch.setattr('mmengine.runner.runner.get_device', lambda: str(DEVICE))
    with another_device():
        got = metrics()
    numbers = {key: value for key, value in want.items() if np.isscalar(value)}
    assert {key: got[key] for key in numbers} == pytest.approx(
        numbers, abs=0.1, nan_ok=True
    )
