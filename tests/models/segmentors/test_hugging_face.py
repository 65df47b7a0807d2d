"""transformers' models as segmentors: a stand-in, tiny CLIPSeg and SAM 3.

The stand-in needs no transformers: it is asked and read as the others are.
"""

import json
import string
import sys
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.runner import Runner
from mmseg.apis import MMSegInferencer
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from PIL import Image
from safetensors.torch import load_file, save_file

import mmseg_clsclip
from mmseg_clsclip import Predictor
from mmseg_clsclip.engine.hooks import evaluation_guard_hook
from mmseg_clsclip.models.segmentors import hugging_face, hugging_face_models

ROOT = Path(__file__).parents[3]
CONFIGS = ROOT / 'configs'
NAMES = ['red circle', ['ring', 'green ring'], 'blue square']
FIRST = ['red circle', 'ring', 'blue square']
LENGTH = 24
SIZE = dict(standin=16, clipseg=32, sam3=56)


# What each kind of model needs, small.


class Tokens(dict):
    """What a tokenizer gives."""

    __getattr__ = dict.__getitem__

    def to(self, device):
        return self


class StandIn(torch.nn.Module):
    """Answers with the picture's channels, weighed by the text's."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.table = torch.nn.Parameter(torch.randn(128, 3, generator=generator))
        self.config = SimpleNamespace(
            text_config=SimpleNamespace(max_position_embeddings=LENGTH)
        )
        self.texts, self.pictures = [], 0

    def tokenize(self, texts, padding=None, max_length=None, return_tensors=None):
        if padding is None:
            return Tokens(input_ids=[ord(c) for c in texts])
        ids = torch.zeros(len(texts), max_length, dtype=torch.long)
        for row, text in zip(ids, texts):
            row[: len(text)] = torch.tensor([ord(c) for c in text])
        return Tokens(input_ids=ids, attention_mask=(ids > 0).long())

    def encode_texts(self, ids, mask):
        self.texts += [len(ids)]
        return ((self.table[ids] * mask[..., None]).sum(1),)

    def encode_images(self, pictures):
        self.pictures += len(pictures)
        return (pictures,)

    def decode(self, seen, text):
        return (seen[0] * text[0][..., None, None]).sum(1)


def load_standin(folder, random_weights=False):
    model = StandIn()
    return hugging_face_models.LoadedModel(
        model,
        hugging_face_models.Family(
            'StandIn', StandIn.encode_texts, StandIn.encode_images, StandIn.decode
        ),
        model.tokenize,
        (16, 16),
        [100.0] * 3,
        [50.0] * 3,
    )


def write_tokenizer(folder):
    """CLIP's, with letters alone; the number of its tokens."""
    letters = string.ascii_lowercase
    tokens = [
        *letters,
        *(c + '</w>' for c in letters),
        '<|startoftext|>',
        '<|endoftext|>',
    ]
    vocab = {token: k for k, token in enumerate(tokens)}
    (folder / 'vocab.json').write_text(json.dumps(vocab))
    (folder / 'merges.txt').write_text('#version: 0.2\n')
    (folder / 'tokenizer_config.json').write_text(
        json.dumps(dict(tokenizer_class='CLIPTokenizer'))
    )
    return len(tokens)


def text_config(tokens):
    return dict(
        vocab_size=tokens,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=LENGTH,
        projection_dim=16,
        bos_token_id=tokens - 2,
        eos_token_id=tokens - 1,
        pad_token_id=tokens - 1,
    )


def clipseg_config(transformers, tokens):
    text = text_config(tokens)
    del text['projection_dim']
    return transformers.CLIPSegConfig(
        text_config=text,
        vision_config=dict(
            hidden_size=32,
            intermediate_size=32,
            num_hidden_layers=4,
            num_attention_heads=2,
            image_size=16,  # other than what it sees, as the published one's
            patch_size=8,
        ),
        projection_dim=16,
        extract_layers=[0, 1, 3],
        reduce_dim=8,
        decoder_num_attention_heads=2,
        decoder_intermediate_size=16,
    )


def sam3_config(transformers, tokens):
    small = dict(hidden_size=16, num_attention_heads=2)
    layers = dict(small, num_layers=1, intermediate_size=16)
    return transformers.Sam3Config(
        vision_config=dict(
            backbone_config=dict(
                small,
                model_type='sam3_vit_model',
                intermediate_size=16,
                num_hidden_layers=2,
                image_size=56,
                patch_size=14,
                window_size=2,
                global_attn_indexes=[1],
                pretrain_image_size=28,
            ),
            fpn_hidden_size=16,
            backbone_feature_sizes=[[16, 16], [8, 8], [4, 4]],
        ),
        text_config=dict(text_config(tokens), model_type='clip_text_model'),
        geometry_encoder_config=dict(layers, roi_size=2),
        detr_encoder_config=layers,
        detr_decoder_config=dict(layers, num_queries=6),
        mask_decoder_config=small,
    )


PROCESSORS = dict(
    clipseg=(
        'preprocessor_config.json',
        dict(
            image_processor_type='ViTImageProcessor',
            size=SIZE['clipseg'],
            image_mean=[0.485, 0.456, 0.406],
            image_std=[0.229, 0.224, 0.225],
        ),
    ),
    sam3=(
        'processor_config.json',
        dict(
            image_processor=dict(
                image_processor_type='Sam3ImageProcessor',
                size=dict(height=SIZE['sam3'], width=SIZE['sam3']),
                image_mean=[0.5] * 3,
                image_std=[0.5] * 3,
            )
        ),
    ),
)


def write_model(kind, folder):
    """A folder as `save_pretrained` leaves it, of random weights."""
    transformers = pytest.importorskip('transformers')
    name = hugging_face_models.FAMILIES[kind].model
    if not hasattr(transformers, name):
        pytest.skip(f'transformers {transformers.__version__} has no {name}')
    tokens = write_tokenizer(folder)
    config = (clipseg_config if kind == 'clipseg' else sam3_config)(
        transformers, tokens
    )
    torch.manual_seed(2)
    model = getattr(transformers, name)(config)
    with torch.no_grad():
        # Strong enough that texts, pictures and places differ.
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 0.3)
        if kind == 'sam3':  # scores on both sides of 0.5
            model.detr_decoder.presence_head.layer3.bias.fill_(3)
    model.save_pretrained(folder)
    file, content = PROCESSORS[kind]
    (folder / file).write_text(json.dumps(content))
    return str(folder)


@pytest.fixture(scope='session')
def clipseg(tmp_path_factory):
    return write_model('clipseg', tmp_path_factory.mktemp('clipseg'))


@pytest.fixture(scope='session')
def sam3(tmp_path_factory):
    return write_model('sam3', tmp_path_factory.mktemp('sam3'))


@pytest.fixture
def standin(monkeypatch):
    monkeypatch.setattr(hugging_face, 'load_folder', load_standin)
    return 'standin'


@pytest.fixture(params=['standin', 'clipseg', 'sam3'])
def folder(request):
    """Of every kind of model."""
    return request.getfixturevalue(request.param)


def build(folder, **kwargs):
    cfg = dict(type='HuggingFaceSegmentor', folder=folder, vocabulary=NAMES)
    return MODELS.build({**cfg, **kwargs}).eval()


build_once = cache(build)


@pytest.fixture
def model(folder):
    """Of every kind, not to be changed."""
    return build_once(folder)


def metas(number, size, name=None):
    meta = dict(ori_shape=size, img_shape=size)
    return [dict(meta, class_name=name) if name else meta] * number


def close(a, b):
    torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


# Against the models themselves.


def picture(height, width):
    return np.random.RandomState(0).randint(0, 256, (height, width, 3)).astype(np.uint8)


def plain(folder, rgb, name):
    """The logits that transformers gives for a picture and a name."""
    import transformers

    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    config = json.loads((Path(folder) / 'config.json').read_text())
    model = getattr(transformers, config['architectures'][0])
    model = model.from_pretrained(folder).eval()
    inputs = dict(
        tokenizer([name], return_tensors='pt'),
        pixel_values=processor(Image.fromarray(rgb), return_tensors='pt').pixel_values,
    )
    with torch.no_grad():
        return model(**inputs), processor


def ours(model, rgb, name=None):
    data = dict(
        inputs=[torch.from_numpy(rgb[..., ::-1].copy()).permute(2, 0, 1)],
        data_samples=[SegDataSample(metainfo=metas(1, rgb.shape[:2], name)[0])],
    )
    with torch.no_grad():
        return model.test_step(data)[0]


def test_clipseg_is_transformers_own_call(clipseg):
    rgb = picture(32, 32)
    logits = plain(clipseg, rgb, 'blue square')[0].logits.reshape(32, 32)
    got = ours(build_once(clipseg), rgb).seg_logits.data
    torch.testing.assert_close(got[3], logits, atol=1e-5, rtol=1e-5)
    assert got[3].std() > 0.1 and (got[1] - got[3]).std() > 0.1


@pytest.mark.parametrize('kind', ['clipseg', 'sam3'])
def test_a_picture_is_resized_as_its_processor_does_it(kind, request):
    folder = request.getfixturevalue(kind)
    model, rgb, seen = build(folder), picture(51, 90), []
    encode = model.family.encode_images
    model.family = model.family._replace(
        encode_images=lambda module, images: (
            seen.append(images) or encode(module, images)
        )
    )
    assert ours(model, rgb).seg_logits.data.shape == (4, 51, 90)
    _, processor = plain(folder, rgb, 'ring')
    expected = processor(Image.fromarray(rgb), return_tensors='pt')
    # It rounds to whole values on the way.
    torch.testing.assert_close(seen[0], expected.pixel_values, atol=0.02, rtol=0)


def test_sam3_is_transformers_own_post_processing(sam3):
    rgb = picture(56, 56)
    said, processor = plain(sam3, rgb, 'blue square')
    model = build_once(sam3)
    found = processor.post_process_instance_segmentation(
        said, threshold=0.5, mask_threshold=0.5
    )[0]['masks']
    union = found.amax(0)
    assert 0 < len(found) < 6 and 0 < union.float().mean() < 1
    seen = processor(Image.fromarray(rgb), return_tensors='pt').pixel_values
    text = model.text_encoder(['blue square'], seen.device)
    with torch.no_grad():
        inner = model.backbone.module
        logits = model.family.decode(
            inner, model.family.encode_images(inner, seen), text
        )
        got = ours(model, rgb).seg_logits.data
    assert torch.equal(logits[0] > 0, union > 0)
    expected = F.interpolate(logits[None], (56, 56), mode='bilinear')[0]
    torch.testing.assert_close(got[3:], expected, atol=1e-4, rtol=1e-4)


# What holds for all of them.


@pytest.mark.parametrize('size', [None, (40, 29)])
def test_a_whole_vocabulary_is_its_classes_one_by_one(model, size):
    size = size or model.input_size
    inputs = torch.randn(2, 3, *size)
    with torch.no_grad():
        logits = model.inference(inputs, metas(2, size))
        assert logits.shape == (2, 4, *size) and model.out_channels == 4
        assert not logits[:, 0].any()
        for k, name in enumerate(FIRST):
            alone = model.inference(inputs, metas(2, size, name))
            assert alone.shape == (2, 2, *size)
            close(alone[:, 1], logits[:, 1 + k])
        for k in range(2):
            close(model.inference(inputs[k : k + 1], metas(1, size)), logits[k : k + 1])
        mixed = model.inference(
            inputs, metas(1, size, 'ring') + metas(1, size, 'red circle')
        )
        close(mixed[:, 1], torch.stack([logits[0, 2], logits[1, 1]]))
    assert (logits[0, 1] - logits[0, 2]).abs().max() > 1e-3


@pytest.mark.parametrize('chunk', [1, 3, 100])
def test_chunks_do_not_change_the_result(folder, model, chunk):
    inputs = torch.randn(2, 3, 32, 32)
    other = build(folder, test_cfg=dict(mode='whole', class_batch_size=chunk))
    with torch.no_grad():
        close(
            other.inference(inputs, metas(2, (32, 32))),
            model.inference(inputs, metas(2, (32, 32))),
        )


def test_configs_of_its_old_name_still_load(standin):
    model = build(standin, type='TransformersSegmentor')
    assert type(model) is mmseg_clsclip.HuggingFaceSegmentor
    assert type(model) is mmseg_clsclip.TransformersSegmentor


def test_statistics_of_another_scale_are_refused(standin):
    model = build(
        standin,
        data_preprocessor=dict(
            type='SegDataPreProcessor', mean=[0.5] * 3, std=[0.25] * 3
        ),
    )
    bytes_ = torch.zeros(3, 8, 8, dtype=torch.uint8)
    with pytest.raises(ValueError, match='statistics of pictures from 0 to 1'):
        model.data_preprocessor(dict(inputs=[bytes_]), False)


def test_of_synonyms_the_largest_logit_counts(standin):
    model = build(standin)
    other = build(standin, vocabulary=['ring', 'green ring'])
    inputs = torch.randn(2, 3, *model.input_size)
    got = model.inference(inputs, metas(2, (16, 16)))[:, 2]
    pair = other.inference(inputs, metas(2, (16, 16)))[:, 1:]
    close(got, pair.amax(1))
    assert 0 < (got == pair[:, 0]).float().mean() < 1
    # A class may be asked for by any of its names.
    close(model.inference(inputs, metas(2, (16, 16), 'green ring'))[:, 1], pair.amax(1))


def test_texts_are_read_once_and_pictures_too(standin):
    model = build(standin, test_cfg=dict(mode='whole', class_batch_size=1))
    for _ in range(2):
        model.inference(torch.randn(2, 3, 16, 16), metas(2, (16, 16)))
    assert model.backbone.module.texts == [1] * 4
    assert model.backbone.module.pictures == 4


@pytest.mark.parametrize('name', [None, 'ring'])
def test_sliding_window_averages_overlapping_windows(folder, model, name):
    slide = build(
        folder, test_cfg=dict(mode='slide', crop_size=(32, 32), stride=(32, 16))
    )
    inputs = torch.randn(1, 3, 32, 48)
    with torch.no_grad():
        got = slide.inference(inputs, metas(1, (32, 48), name))
        left = model.inference(inputs[..., :32], metas(1, (32, 32), name))
        right = model.inference(inputs[..., 16:], metas(1, (32, 32), name))
    close(got[..., :16], left[..., :16])
    close(got[..., 16:32], (left[..., 16:] + right[..., :16]) / 2)


def test_texts_are_kept_in_full_precision(clipseg):
    device = torch.device('cpu')
    with torch.no_grad():
        plain = build(clipseg).text_encoder(['ring'], device)
        with torch.autocast('cpu', torch.bfloat16):
            within = build(clipseg).text_encoder(['ring'], device)
    for one, other in zip(plain, within, strict=True):
        assert torch.equal(one, other)


def test_autocast_and_plain_forward(model):
    inputs = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        with torch.autocast('cpu', torch.bfloat16):
            half = model(inputs, mode='tensor')
        full = model(inputs, mode='tensor')
    assert full.shape == (1, 4, 32, 32) and half.dtype == torch.float32
    assert (full - half).abs().mean() < 0.1 * full.abs().mean() + 0.05


def test_prediction_with_and_without_a_background(folder, model):
    rgb = picture(30, 37)
    result = ours(model, rgb)
    logits = result.seg_logits.data
    assert torch.equal(result.pred_sem_seg.data[0], logits.argmax(0))
    assert model.dataset_meta['classes'] == ('background', *FIRST)
    other = build(folder, with_background=False)
    assert other.dataset_meta['classes'] == tuple(FIRST)
    close(ours(other, rgb).seg_logits.data, logits[1:])
    one = ours(other, rgb, 'ring')
    assert one.seg_logits.data.shape == (1, 30, 37)
    assert torch.equal(one.pred_sem_seg.data[0] > 0, logits[2] > 0)


def test_its_own_statistics_normalise_the_picture(folder, model):
    loaded = hugging_face.load_folder(folder)
    batch = model.data_preprocessor(
        dict(inputs=[torch.full((3, 2, 2), 51, dtype=torch.uint8)])
    )
    expected = (51 - torch.tensor(loaded.mean)) / torch.tensor(loaded.std)
    close(batch['inputs'][0, :, 0, 0], expected)
    # One of the config's own goes before.
    other = build(folder, data_preprocessor=dict(type='SegDataPreProcessor'))
    batch = other.data_preprocessor(
        dict(inputs=[torch.full((3, 2, 2), 51, dtype=torch.uint8)])
    )
    assert (batch['inputs'] == 51).all()


def test_it_stays_as_it_is_and_out_of_checkpoints(model):
    assert not model.state_dict()
    assert not model.load_state_dict({}).missing_keys
    model.train()
    assert not model.backbone.module.training
    assert not any(p.requires_grad for p in model.parameters())
    with pytest.raises(NotImplementedError, match='CONFIG none'):
        model.loss(torch.randn(1, 3, 32, 32), [SegDataSample()])


def test_names_that_are_too_long_are_refused(folder, model):
    long = 'very ' * 20 + 'long name'
    with pytest.raises(ValueError, match=f'tokens.*reads {LENGTH}'):
        build(folder, vocabulary=[long])
    with pytest.raises(ValueError, match=f'tokens.*reads {LENGTH}'):
        model.inference(torch.randn(1, 3, 8, 8), metas(1, (8, 8), long))
    with pytest.raises(ValueError, match='stands twice'):
        build(folder, vocabulary=['ring', 'ring'])


@torch.no_grad()
def test_the_numbers_of_classes_are_the_vocabularys(folder):
    model = build(folder)
    inputs = torch.randn(1, 3, *model.input_size)
    for names in (NAMES[:2], ['cross']):
        model.inference(inputs, metas(1, model.input_size, 'ring'))
        assert model.out_channels == 2
        model.text_encoder.set_vocabulary(names)
        assert model.num_classes == model.out_channels == 1 + len(names)
        assert model.decode_head.num_classes == model.num_classes
        assert (
            model.inference(inputs, metas(1, model.input_size)).shape[1]
            == model.num_classes
        )


def test_names_that_are_read_alike_or_not_at_all(clipseg):
    # Its tokenizer knows letters alone.
    with pytest.raises(ValueError, match="'ring 1' and 'ring 2' of classes 0"):
        build(clipseg, vocabulary=['ring 1', 'ring', 'ring 2'])
    for name in ('\u200b', '\u0301'):
        with pytest.raises(ValueError, match='something to see'):
            build(clipseg, vocabulary=['ring', name])


def test_weights_that_are_no_numbers(standin):
    model = build(standin)
    model.backbone.module.table[ord('b')] = float('nan')
    with pytest.raises(ValueError, match=r"row 2 \('blue square'\).*NaN"):
        model.text_encoder(['ring', 'green', 'blue square'], torch.device('cpu'))


def test_zoom_in_and_flips_go_around_it(model):
    zoom_in = MODELS.build(
        dict(
            type='ZoomIn',
            module=model,
            proposals=dict(type='WindowProposals'),
            resize=dict(type='Resize', scale=model.input_size),
        )
    )
    rgb = picture(40, 50)
    assert ours(zoom_in, rgb).seg_logits.data.shape == (4, 40, 50)
    assert ours(zoom_in, rgb, 'ring').seg_logits.data.shape == (2, 40, 50)
    flips = MODELS.build(dict(type='SegTTAModel', module=model))
    image = torch.from_numpy(rgb[..., ::-1].copy()).permute(2, 0, 1)
    views = [(image, {}), (image.flip(2), dict(flip=True, flip_direction='horizontal'))]
    data = dict(
        inputs=[[view] for view, _ in views],
        data_samples=[
            [SegDataSample(metainfo=dict(metas(1, (40, 50))[0], img_path='', **flip))]
            for _, flip in views
        ],
    )
    with torch.no_grad():
        (merged,) = flips.test_step(data)
    assert merged.pred_sem_seg.shape == (40, 50)


# In mmengine's Runner and mmseg's tools.


def config(model, tmp_path, *bases):
    path = tmp_path / 'config.py'
    path.write_text('_base_ = ' + repr([str(CONFIGS / b) for b in bases]))
    cfg = Config.fromfile(path)
    cfg.model = dict(type='HuggingFaceSegmentor', **model)
    cfg.test_dataloader.update(batch_size=4, num_workers=0, persistent_workers=False)
    cfg.update(
        test_cfg=dict(type='TestLoop'),
        train_dataloader=None,
        work_dir=str(tmp_path),
        load_from='none',
        log_level='ERROR',
    )
    cfg.visualizer.vis_backends = None
    return cfg


def test_it_runs_on_shapes(folder, tmp_path, monkeypatch):
    lines = []
    monkeypatch.setattr(evaluation_guard_hook, 'warn', lines.append)
    cfg = config(
        dict(folder=folder, vocabulary='shapes_5i', random_weights=True),
        tmp_path,
        '_base_/datasets/shapes-5i.py',
        '_base_/default_runtime.py',
    )
    cfg.test_dataloader.dataset.test_classes = 'novel'
    cfg.test_dataloader.dataset.dataset.length = 8
    metrics = Runner.from_cfg(cfg).test()
    assert 0 <= metrics['miou_unseen'] <= 100
    assert 'mean NOTHING' in lines[-1]
    # All names at once, from the picture alone.
    inferencer = MMSegInferencer(cfg, device='cpu')
    labels = inferencer('shapes-5i://test/0/000000.bmp')['predictions']
    assert labels.shape == (128, 128) and set(np.unique(labels)) <= set(range(21))
    assert inferencer.model.dataset_meta['classes'][0] == 'background'


def test_it_is_asked_about_a_picture(standin, tmp_path):
    cfg = config(
        dict(folder=standin, vocabulary='voc', with_background=True),
        tmp_path,
        'baselines/clipseg-rd64_voc21.py',
    )
    predictor = Predictor(cfg, classes=NAMES, device='cpu')
    rgb = picture(60, 90)
    answer = predictor(rgb)
    want = ours(build(standin, with_background=True), rgb).pred_sem_seg.data[0]
    assert (answer.labels() == want.numpy()).all() and want.any()


@pytest.mark.parametrize(
    'path', ['clipseg-rd64_pascal-5i_fold0.py', 'clipseg-rd64_voc21.py']
)
def test_the_configs(path, standin, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cfg = config(dict(vocabulary='voc', folder=standin), tmp_path, f'baselines/{path}')
    assert Config.fromfile(CONFIGS / 'baselines' / path).model == dict(
        cfg.model,
        folder='checkpoints/clipseg-rd64-refined',
        with_background=True,
        test_cfg=dict(mode='whole', class_batch_size=8),
    )
    root = Path('data/VOCdevkit/VOC2012')
    mask = np.zeros((60, 90), np.uint8)
    mask[4:50, 5:80] = 3
    for name, array in (
        ('JPEGImages/a.jpg', picture(60, 90)),
        ('SegmentationClass/a.png', mask),
        ('SegmentationClassAug/a.png', mask),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(root / name)
    (root / 'ImageSets/Segmentation').mkdir(parents=True)
    (root / 'ImageSets/Segmentation/val.txt').write_text('a\n')
    cfg.test_dataloader.batch_size = 1
    metrics = Runner.from_cfg(cfg).test()
    assert 0 <= metrics['miou_unseen' if 'fold' in path else 'mIoU'] <= 100


# Folders, and what is wrong with them.


def copy(folder, target, *without):
    for file in Path(folder).iterdir():
        if file.suffix not in without and file.name not in without:
            (target / file.name).write_bytes(file.read_bytes())
    return target


def test_it_loads_what_was_saved_in_half_precision(clipseg, tmp_path):
    model = build_once(clipseg)
    copy(clipseg, tmp_path)
    build(clipseg).backbone.module.half().save_pretrained(tmp_path)
    state = load_file(tmp_path / 'model.safetensors')
    assert {v.dtype for v in state.values() if v.is_floating_point()} == {torch.float16}
    loaded = build(str(tmp_path))
    for a, b in zip(model.parameters(), loaded.parameters()):
        assert b.dtype == torch.float32
        torch.testing.assert_close(a, b, atol=1e-3, rtol=1e-3)


def test_random_weights_are_always_the_same(clipseg, sam3, tmp_path):
    for number, folder in enumerate((clipseg, sam3)):
        (tmp_path / str(number)).mkdir()
        # Without weights in the folder.
        bare = copy(folder, tmp_path / str(number), '.safetensors')
        state = torch.get_rng_state()
        models = [build(str(bare), random_weights=True) for _ in range(2)]
        assert torch.equal(state, torch.get_rng_state())
        for a, b in zip(*(model.parameters() for model in models)):
            assert torch.equal(a, b)
        assert models[0].has_random_weights
        assert not build_once(folder).has_random_weights


def test_sam3_out_of_the_model_for_videos(sam3, tmp_path):
    """The published file has this layout, and a tracker that is not read."""
    copy(sam3, tmp_path, 'model.safetensors')
    state = load_file(Path(sam3) / 'model.safetensors')
    prefix = 'detector_model.'
    state = {prefix + k.removeprefix(prefix): v for k, v in state.items()}
    state['tracker_model.no_memory_embedding'] = torch.zeros(1)
    save_file(state, tmp_path / 'model.safetensors', dict(format='pt'))
    inner = json.loads((tmp_path / 'config.json').read_text())
    (tmp_path / 'config.json').write_text(
        json.dumps(dict(model_type='sam3_video', detector_config=inner))
    )
    video, image = build(str(tmp_path)), build_once(sam3)
    inputs = torch.randn(1, 3, 56, 56)
    with torch.no_grad():
        close(
            video.inference(inputs, metas(1, (56, 56))),
            image.inference(inputs, metas(1, (56, 56))),
        )
    build(str(tmp_path), random_weights=True)


def test_without_transformers_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, 'transformers', None)
    with pytest.raises(ImportError, match=r'mmseg_clsclip\[transformers\]'):
        build('anything')


@pytest.fixture
def no_transformers_needed(monkeypatch):
    """What is wrong is found before it is used."""
    try:
        import transformers  # noqa: F401
    except ImportError:
        monkeypatch.setitem(
            sys.modules, 'transformers', SimpleNamespace(__version__='0')
        )


def test_a_folder_that_is_not_there(no_transformers_needed, tmp_path):
    for name in ('CIDAS/clipseg-rd64-refined', str(tmp_path / 'missing')):
        with pytest.raises(
            FileNotFoundError, match=f'{name}.*not downloaded.*hf download NAME'
        ):
            build(name)
    with pytest.raises(FileNotFoundError, match='no config.json.*whole model'):
        build(str(tmp_path))


def test_an_unknown_kind_of_model(no_transformers_needed, tmp_path):
    (tmp_path / 'config.json').write_text('{"model_type": "bert"}')
    with pytest.raises(ValueError, match="'bert'; known are clipseg, sam3"):
        build(str(tmp_path))


def test_a_transformers_that_is_too_old(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'transformers', SimpleNamespace(__version__='4.0'))
    (tmp_path / 'config.json').write_text('{"model_type": "sam3"}')
    with pytest.raises(ImportError, match='4.0 has no Sam3Model: pip'):
        build(str(tmp_path))


@pytest.mark.parametrize('file', ['preprocessor_config.json', 'tokenizer_config.json'])
def test_files_that_are_lacking(clipseg, file, tmp_path):
    copy(clipseg, tmp_path, file)
    with pytest.raises(FileNotFoundError, match=f'has no {file}'):
        build(str(tmp_path))


def test_a_preprocessor_that_does_not_say_enough(clipseg, tmp_path):
    copy(clipseg, tmp_path)
    (tmp_path / 'preprocessor_config.json').write_text('{"size": {}}')
    with pytest.raises(ValueError, match="does not say its 'height'"):
        build(str(tmp_path))


def test_a_pickle_is_not_read(clipseg, tmp_path):
    copy(clipseg, tmp_path, '.safetensors')
    state = load_file(Path(clipseg) / 'model.safetensors')
    torch.save(state, tmp_path / 'pytorch_model.bin')
    with pytest.raises(
        FileNotFoundError,
        match='a pickle can run code.*CLIPSegForImageSegmentation.from_pretrained',
    ):
        build(str(tmp_path))


def test_weights_that_are_lacking_are_not_drawn(clipseg, tmp_path):
    copy(clipseg, tmp_path)
    state = load_file(tmp_path / 'model.safetensors')
    del state['decoder.film_mul.weight']
    save_file(state, tmp_path / 'model.safetensors', dict(format='pt'))
    with pytest.raises(ValueError, match='lack 1 tensors.*film_mul.weight'):
        build(str(tmp_path))
