"""The Python side: a model, classes by name, and any picture."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmcv import imresize
from mmengine.config import Config
from mmseg.apis import MMSegInferencer
from mmseg.registry import MODELS
from PIL import Image
from safetensors.torch import save_model

from mmseg_clsclip import Predictor, ZoomIn
from mmseg_clsclip.apis import predictor as module
from mmseg_clsclip.datasets.shapes_world import draw
from mmseg_clsclip.models.text_encoders import text_tower
from mmseg_clsclip.utils.config_files import configs_folder

ROOT = Path(__file__).parents[2]
CONFIG, CHECKPOINT = str(configs_folder() / module.SHIPPED[0]), module.SHIPPED[1]
SCENE = 'shapes-5i://test/0/000004.bmp'
NAMES = ['yellow circle', ['red square', 'square in red']]
TRUTH = draw(4, 'test', 0)


@pytest.fixture(scope='module')
def shipped():
    return Predictor(device='cpu')


@pytest.fixture
def tiny(tiny_clip_json):
    """Options of a predictor whose CLIP is random."""
    cfg = Config.fromfile(CONFIG)
    cfg.model.backbone.update(
        architecture=tiny_clip_json, pretrained=None, navigate_blocks=(1,)
    )
    cfg.model.decode_head.update(in_channels=32, num_heads=2)
    return dict(config=cfg, device='cpu')


def iou(labels, label, name):
    ours = labels == label
    truth = TRUTH.labels == 1 + module.read_vocabulary('shapes_5i').index((name,))
    return (ours & truth).sum() / (ours | truth).sum()


@pytest.mark.parametrize('zoom_in', [False, True])
def test_a_drawn_scene_is_segmented_by_names(zoom_in):
    predictor = Predictor(classes=NAMES, zoom_in=zoom_in, device='cpu')
    assert isinstance(predictor.model, ZoomIn) == zoom_in
    assert predictor.shipped and not predictor.random_weights
    prediction = predictor(SCENE)
    # Of an array nobody can say that it was drawn.
    assert not prediction.drawn_world and predictor(TRUTH.picture).drawn_world
    assert prediction.names == ('background', 'yellow circle', 'red square')
    labels = prediction.labels()
    assert labels.shape == (128, 128) and labels.dtype == np.uint8
    # Base classes of fold 0.
    assert iou(labels, 1, 'yellow circle') > 0.8
    assert iou(labels, 2, 'red square') > 0.9


PRESENCE = dict(
    type='CLIPPresence', views='whole', sharpness=1.75, weight=2.0, min_probability=0.1
)
SOME = [*NAMES, 'yellow ring', 'dog']


def with_presence(classes=SOME, presence=None, **options):
    return Predictor(
        device='cpu',
        classes=classes,
        cfg_options={'model.presence': dict(PRESENCE, **presence or {})},
        **options,
    )


@pytest.mark.parametrize('zoom_in', [False, True])
def test_names_that_are_likely_are_asked(zoom_in):
    predictor = with_presence(zoom_in=zoom_in)
    prediction = predictor(SCENE)
    segmentor = predictor.segmentor
    picture = imresize(TRUTH.picture[..., ::-1], (64, 64))  # CLIP's own size
    inputs = torch.from_numpy(picture).permute(2, 0, 1)
    data = segmentor.data_preprocessor(dict(inputs=[inputs], data_samples=None))
    expected = segmentor.presence(
        segmentor.backbone.visual.module,
        segmentor.text_encoder,
        data['inputs'],
        [(0, 0, 0, 0)],
    ).probability[0]
    assert prediction.presence == pytest.approx(expected.tolist(), abs=1e-5)
    assert prediction.asked == tuple(p >= 0.1 for p in prediction.presence)
    assert prediction.asked == (True, True, False, False)
    assert set(np.unique(prediction.labels())) == {0, 1, 2} and not prediction.notes


def test_every_name_is_asked_if_that_is_wanted():
    options = {'model.presence': None, 'model.test_cfg.keep_classes': None}
    plain = Predictor(device='cpu', classes=SOME, cfg_options=options)
    without = Predictor(device='cpu', classes=SOME, all_names=True)
    switched = with_presence()
    likely = switched(SCENE)
    switched.set_all_names(True)
    expected = plain(SCENE)
    for predictor in (without, switched):
        prediction = predictor(SCENE)
        assert prediction.presence is None and prediction.asked is None
        torch.testing.assert_close(prediction.logits, expected.logits)
    switched.set_all_names(False)
    torch.testing.assert_close(switched(SCENE).logits, likely.logits)
    assert (likely.logits != expected.logits).any()
    without.set_all_names(False)  # there is none to come back
    assert without(SCENE).presence is None


def test_the_same_names_are_read_once(monkeypatch):
    read = []
    encode = text_tower.encode_short_text
    monkeypatch.setattr(
        text_tower, 'encode_short_text', lambda *a: read.append(a) or encode(*a)
    )
    predictor = with_presence()
    first = predictor(SCENE)
    number = len(read)
    assert number
    predictor.set_classes(SOME)
    second = predictor(SCENE)
    assert len(read) == number and torch.equal(first.logits, second.logits)
    predictor.set_classes(SOME[::-1])
    assert len(predictor(SCENE).classes) == len(SOME) and len(read) > number


def test_a_config_whose_names_are_chosen_can_ask_for_all(tmp_path):
    for zoom_in, key, value in (
        (False, 'presence', PRESENCE),
        (True, 'presence', PRESENCE),
        (False, 'test_cfg', dict(mode='whole', keep_classes=1)),
    ):
        cfg = Config.fromfile(CONFIG)
        cfg.model.pop('presence', None)
        cfg.model[key] = value
        for all_names in False, True:
            predictor = Predictor(
                cfg,
                CHECKPOINT,
                device='cpu',
                classes=SOME,
                zoom_in=zoom_in,
                all_names=all_names,
            )
            assert (predictor(SCENE).presence is None) == all_names


def test_nothing_that_is_likely_is_said():
    predictor = with_presence(['cat', 'dog', 'cow'], dict(min_probability=1.0))
    prediction = predictor(SCENE)
    assert prediction.notes == (module.NOTHING_ASKED,)
    assert not any(prediction.asked) and not prediction.labels().any()


def test_a_config_without_test_cfg(tiny):
    del tiny['config'].model['test_cfg']
    assert Predictor(**tiny, classes=NAMES)(SCENE).logits.shape[0] == 2
    tiny['config'].model.test_cfg = None
    one = Predictor(**tiny, classes=NAMES, all_names=True)
    assert one(SCENE).logits.shape[0] == 2


def test_a_pipeline_that_changes_the_original_size_is_refused(tiny):
    tiny['config'].test_pipeline.insert(1, dict(type='BAMLetterbox', size=64))
    predictor = Predictor(**tiny, classes=NAMES)
    with pytest.raises(ValueError, match='64 x 32 pixels was answered by'):
        predictor(np.zeros((32, 64, 3), np.uint8))


def test_the_inferencer_of_mmseg_says_the_same(shipped, tmp_path):
    path = str(tmp_path / 'scene.png')
    Image.fromarray(TRUTH.picture).save(path)
    inferencer = MMSegInferencer(CONFIG, CHECKPOINT, device='cpu')
    theirs = inferencer(path, return_datasamples=True)
    shipped.set_classes([n for (n,) in module.read_vocabulary('shapes_5i')])
    for picture in (path, Path(path), Image.open(path), TRUTH.picture):
        ours = shipped(picture)
        torch.testing.assert_close(
            ours.logits, theirs.seg_logits.data[1:], atol=1e-5, rtol=0
        )
        np.testing.assert_array_equal(
            ours.labels(), theirs.pred_sem_seg.data[0].numpy()
        )
    # And by other names.
    inferencer.model.text_encoder.set_vocabulary(NAMES)
    shipped.set_classes(NAMES)
    np.testing.assert_array_equal(
        shipped(path).labels(), inferencer(path)['predictions']
    )


def test_a_large_picture_is_seen_smaller(shipped, monkeypatch):
    shipped.set_classes(NAMES)
    large = np.array(Image.fromarray(TRUTH.picture).resize((500, 250)))
    whole = shipped(large)
    monkeypatch.setattr(module, 'MAX_LOGITS', 3 * 200 * 100)
    small = shipped(large)
    assert small.logits.shape == (2, 100, 200)
    assert 'seen at 200 x 100 pixels' in small.notes[0]
    assert small.labels().shape == (250, 500)
    assert (small.labels() == whole.labels()).mean() > 0.98
    assert small.labels().any() and not whole.notes


def test_each_query_of_a_dense_clip_is_a_map(monkeypatch):
    predictor = Predictor(
        'baselines/sclip_shapes-5i_fold0.py',
        classes=[['cat', 'kitten'], 'dog'],
        cfg_options={
            'model.type': 'QueryDenseCLIP',
            'model.background': ['sky', 'wall', 'grass'],
        },
    )
    # Three words and three names, and as many shares of a softmax.
    monkeypatch.setattr(module, 'MAX_LOGITS', 2 * (3 + 3) * 40 * 40)
    assert predictor(np.zeros((80, 80, 3), np.uint8)).logits.shape == (2, 40, 40)


def test_without_a_background_every_pixel_has_a_class():
    predictor = Predictor(classes=NAMES, background=False, device='cpu')
    prediction = predictor(SCENE)
    assert prediction.names == ('yellow circle', 'red square')
    assert len(prediction.palette) == 2
    np.testing.assert_array_equal(prediction.labels(), prediction.logits.argmax(0))
    with pytest.raises(ValueError, match="'cat' alone, without a backgr"):
        predictor.set_classes(['cat'])


def test_random_weights_are_said(tiny):
    predictor = Predictor(**tiny, classes=['a', 'b', 'c'])
    assert predictor.random_weights
    assert predictor(SCENE).random_weights


def test_the_training_free_model_of_given_weights(tiny, monkeypatch, tmp_path):
    cfg = Config.fromfile(configs_folder() / module.TRAINING_FREE)
    cfg.model.backbone.update(
        architecture=tiny['config'].model.backbone.architecture, pretrained=None
    )
    cfg.model.text_encoder.templates = 'name'  # it reads short texts alone
    clip = MODELS.build(cfg.model).text_encoder.clip.module
    save_model(clip, str(tmp_path / 'clip.safetensors'))
    monkeypatch.setattr(module, 'TRAINING_FREE', cfg)
    predictor = Predictor(
        clip=tmp_path / 'clip.safetensors', device='cpu', classes=['sky', 'road']
    )
    assert not predictor.random_weights and not predictor.shipped
    assert predictor(SCENE).logits.shape == (2, 128, 128)
    ground = predictor.segmentor.background_names[0]
    for word in (ground, ground.upper()):
        with pytest.raises(ValueError, match=f"'{word}' is where no class is"):
            predictor.set_classes(['sky', ['road', word]])


@pytest.mark.parametrize(
    'options, reason',
    [
        (dict(checkpoint='a.pth'), 'a.pth: give the config'),
        (dict(config=CONFIG), 'ClsCLIP has parts that are trained'),
        (dict(config='nowhere.py'), 'nowhere.py is neither there nor in .*confi'),
        (
            dict(
                config='configs/shapes/clsclip_shapes-5i_whole.py',
                checkpoint='nowhere.pth',
            ),
            'nowhere.pth',
        ),
        (
            dict(config=Config(dict(model=dict(type='EncoderDecoder')))),
            'EncoderDecoder has classes of its own',
        ),
        (dict(device='no such'), "device='no such'"),
        (
            dict(all_names=True, cfg_options={'model.presence': PRESENCE}),
            'model.presence=.* says which names .* all_names .*: leave one',
        ),
        (
            dict(all_names=True, cfg_options={'model.test_cfg.keep_classes': 3}),
            'model.test_cfg.keep_classes=3 says which names',
        ),
        (dict(classes=['a', 'background']), "'background' is where no class is"),
        (dict(classes=['a', ['b', 'a']]), "'a' stands twice"),
        (dict(classes=[]), 'vocabulary is empty'),
        (dict(device='gpu'), "device='gpu'"),
        (dict(cfg_options={'model.type': 'Nope'}), "model.*type='Nope' is no cl"),
        (dict(cfg_options={'model': 3}), 'model=3: a dict with the name of a cl'),
        (dict(cfg_options={'test_pipeline': []}), r'test_pipeline=\[\]: a list'),
        (
            dict(cfg_options={'test_pipeline': [dict(type='LoadAnnotations')]}),
            'test_pipeline=.*: a list of transforms',
        ),
        (
            dict(cfg_options={'test_pipeline': [dict(type='Nope')]}),
            r'test_pipeline\[0\]=.*Nope.* cannot be built',
        ),
        (
            dict(config=Config(dict(model=dict(type='ClsCLIP')))),
            'test_pipeline=None: a list of transforms',
        ),
        (dict(config=Config({})), 'model=None: a dict'),
        (
            dict(cfg_options={'model.proposals': dict(type='Nope')}),
            "model.proposals.type='Nope' is no class",
        ),
        (
            dict(config='clsclip_plus/clsclip-plus_shapes-5i_fold0_detector.py'),
            'COCOResultsProposals has boxes for .* or --zoom-in',
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(options, reason):
    with pytest.raises((ValueError, FileNotFoundError), match=reason):
        Predictor(**dict(dict(device='cpu'), **options))


@pytest.mark.parametrize(
    'name, near',
    [
        ('shapes/clsclip_shape-5i_fold2.py', 'shapes/clsclip_shapes-5i_fold2.py'),
        ('naclip_shapes-5i_fold0', 'baselines/naclip_shapes-5i_fold0.py'),
        ('nowhere/maskclip_vit-b16_voc21.py', 'maskclip_vit-b16_voc21-336.py'),
    ],
)
def test_a_misspelt_config_has_neighbours(name, near):
    with pytest.raises(FileNotFoundError, match=f'Of similar names are .*{near}'):
        Predictor(name, device='cpu')


def test_names_that_a_presence_cannot_read_are_refused_where_they_are_given(shipped):
    long = 'Kuh, schwarzweiß'
    with pytest.raises(
        ValueError, match=r'Kuh, .*has more tokens than this CLIP reads'
    ):
        Predictor(classes=[['cow'], [long]], device='cpu')
    before = shipped.segmentor.text_encoder.names
    with pytest.raises(
        ValueError, match=r'Kuh, .*has more tokens than this CLIP reads'
    ):
        shipped.set_classes([[long], 'cow'])
    assert shipped.segmentor.text_encoder.names == before
    # Without its captions the model reads more.
    every = Predictor(classes=[[long], 'cow'], device='cpu', all_names=True)
    assert every(SCENE).logits.shape[0] == 2


def test_a_presence_of_ones_own_has_no_lengths(monkeypatch):
    predictor = Predictor(classes=NAMES, device='cpu')
    monkeypatch.setattr(predictor.segmentor, 'presence', object())
    predictor.set_classes([['Kuh, schwarzweiß'], 'cow'])
    assert predictor.segmentor.text_encoder.names == ('Kuh, schwarzweiß', 'cow')


def test_random_weights_can_be_asked_for(tiny, monkeypatch):
    tiny['config'].model.backbone.pretrained = '/no/such.pt'
    predictor = Predictor(**tiny, clip='none', classes=['a', 'b'])
    assert predictor.random_weights and predictor(SCENE).random_weights


def test_a_config_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / 'mine.py'
    for text, said in (('x = 1 / 0', 'ZeroDivisionError'), ('a b', 'Syntax')):
        path.write_text(text)
        with pytest.raises(ValueError, match=f'mine.py is no config .*{said}'):
            Predictor(path, device='cpu')
    path.write_text('')
    with pytest.raises(ValueError, match='model=None'):
        Predictor(path, device='cpu')


def test_names_are_read_before_a_model_is_built(monkeypatch):
    monkeypatch.setattr(module, 'init_model', None)
    with pytest.raises(ValueError, match="'a' stands twice"):
        Predictor(classes=['a', 'a'], device='cpu')


def test_several_pictures_are_several_calls(shipped):
    with pytest.raises(ValueError, match='2 pictures .* a call segments one'):
        shipped([SCENE, SCENE])


def test_an_array_that_is_no_picture(shipped):
    for empty, said in (
        (np.zeros((9, 9)), r'\(9, 9\) float64'),
        (np.zeros((0, 5, 3), np.uint8), r'\(0, 5, 3\) uint8'),
    ):
        with pytest.raises(ValueError, match=f'not {said}'):
            shipped(empty)


def test_half_precision_where_the_device_is_made_for_it(monkeypatch):
    picture = draw(7, 'test').picture
    exact = Predictor(device='cpu', cfg_options={'model.test_cfg.dtype': 'float32'})
    want = exact(picture).logits
    automatic = Predictor(device='cpu')
    for supported in (False, True):
        monkeypatch.setattr(
            torch.cpu,
            '_is_avx512_bf16_supported',
            lambda has=supported: has,
            raising=False,
        )
        monkeypatch.setattr(
            torch.cpu, '_is_amx_tile_supported', lambda: False, raising=False
        )
        got = automatic(picture).logits
        if supported:
            assert 1e-3 < (got - want).abs().max() < 0.1 * want.abs().max()
        else:
            assert torch.equal(got, want)


def test_a_zoom_in_of_a_config_that_has_read_a_picture(shipped):
    shipped.set_classes(NAMES)
    shipped(SCENE)  # mmseg has changed the pipeline's first step
    closer = Predictor(shipped.model.cfg, CHECKPOINT, classes=NAMES, zoom_in=True)
    assert closer(SCENE).labels().any()


@pytest.mark.parametrize('folder', ['configs/', '', f'{configs_folder()}/'])
def test_a_config_of_ours_has_one_name(folder, monkeypatch):
    monkeypatch.chdir(configs_folder().parent)
    name = Path(CONFIG).relative_to(configs_folder()).as_posix()
    assert Predictor(folder + name, CHECKPOINT).provenance.config == name


def test_a_checkpoint_at_home_has_its_digest(monkeypatch, tmp_path):
    monkeypatch.setenv('HOME', str(tmp_path))
    (tmp_path / 'mine.pth').write_bytes(Path(CHECKPOINT).read_bytes())
    known = Predictor(CONFIG, '~/mine.pth').provenance
    assert known.checkpoint == 'mine.pth'
    assert (
        known.checkpoint_sha256
        == Predictor(CONFIG, CHECKPOINT).provenance.checkpoint_sha256
    )
