"""Exported files give what PyTorch's model gives; wrong use is refused."""

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmseg.registry import MODELS

from mmseg_clsclip import CLIPPresence
from mmseg_clsclip.apis import checked_export
from mmseg_clsclip.apis.export import (
    EMBEDDINGS,
    FILES,
    NAMES,
    PROGRAM,
    SEGMENTOR,
    TEXT_ENCODER,
    PicturesToLogits,
    TokensToText,
    export_segmentor,
    export_text,
)
from mmseg_clsclip.models.clip.positions import resize_positions

ROOT = Path(__file__).parents[2]
CONFIG = str(ROOT / 'configs/shapes/clsclip_shapes-5i_whole.py')
CHECKPOINT = str(ROOT / 'mmseg_clsclip/assets/clsclip_shapes-5i_fold0.pth')
NAMES_ASKED = [f'thing {i}' for i in range(20)]


def tiny(clip, base='clsclip_shapes-clip', **changes):
    """A small model whose answers differ from class to class."""
    cfg = Config.fromfile(ROOT / f'configs/_base_/models/{base}.py')
    cfg.merge_from_dict(
        {
            'model.backbone.architecture': clip,
            'model.backbone.pretrained': None,
            **changes,
        }
    )
    cfg.model.text_encoder.vocabulary = NAMES_ASKED
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.mul_(2)  # what is small hides differences
    return model


def tiny_clsclip(clip, **changes):
    return tiny(
        clip,
        **{
            'model.backbone.navigate_blocks': (1, 2),
            'model.decode_head.in_channels': 32,
            'model.decode_head.num_heads': 2,
            **changes,
        },
    )


class Files:
    """A model and what became of it."""

    def __init__(self, model, folder):
        runtime = pytest.importorskip('onnxruntime')
        pytest.importorskip('onnxscript')
        self.model, self.folder = model, folder
        export_segmentor(model, folder)
        self.onnx = runtime.InferenceSession(
            folder / SEGMENTOR, providers=['CPUExecutionProvider']
        )
        self.program = torch.export.load(folder / PROGRAM).module()

    def agree(self, number, classes, height, width):
        """As PyTorch's own encode_decode, from mmseg's BGR pictures."""
        picture = np.random.RandomState(0).randint(
            0, 256, (number, height, width, 3), np.uint8
        )
        bgr = [
            torch.from_numpy(one[..., ::-1].copy()).permute(2, 0, 1) for one in picture
        ]
        self.model.text_encoder.set_vocabulary(NAMES_ASKED[:classes])
        with torch.no_grad():
            inputs = self.model.data_preprocessor(dict(inputs=bgr))['inputs']
            wanted = self.model.encode_decode(inputs, None).numpy()
        text = self.model.text_encoder()
        # Otherwise a file that says nothing would agree, too.
        assert wanted[:, -1].std() > 1e-2
        for found in (
            self.onnx.run(None, dict(picture=picture, text=text.numpy()))[0],
            self.program(torch.from_numpy(picture), text).detach(),
        ):
            np.testing.assert_allclose(found, wanted, atol=1e-4, rtol=0)


@pytest.fixture(scope='module')
def files(tiny_clip_json, tmp_path_factory):
    return Files(tiny_clsclip(tiny_clip_json), tmp_path_factory.mktemp('out'))


@pytest.mark.parametrize(
    'number, classes, height, width',
    [
        (1, 1, 32, 32),
        (1, 3, 32, 32),
        (1, 20, 32, 32),  # the tower's own grid
        (2, 1, 64, 48),
        (3, 3, 48, 24),  # others of whole patches
        (1, 3, 33, 40),
        (2, 3, 50, 71),
        (1, 20, 9, 77),  # not whole
        (1, 1, 9, 9),
        (1, 2, 200, 20),
    ],
)
def test_any_number_and_any_size(files, number, classes, height, width):
    files.agree(number, classes, height, width)


def test_the_files_name_what_is_dynamic(files):
    picture, text = files.onnx.get_inputs()
    assert (picture.name, picture.type) == ('picture', 'tensor(uint8)')
    assert picture.shape == ['N', 'H', 'W', 3]
    assert (text.name, text.type, text.shape) == ('text', 'tensor(float)', ['K', 16])
    import onnx

    model = onnx.load(files.folder / SEGMENTOR)
    assert model.opset_import[0].version == 20
    # Runtimes do not agree on antialiasing.
    assert not any(
        attribute.name == 'antialias' and attribute.i
        for node in model.graph.node
        for attribute in node.attribute
    )


def test_a_picture_within_a_patch_is_refused_by_the_program(files):
    with pytest.raises(AssertionError, match='>= 9'):
        files.program(
            torch.zeros(1, 8, 32, 3, dtype=torch.uint8), files.model.text_encoder()
        )


def test_no_class_is_refused(files):
    picture = torch.zeros(1, 32, 32, 3, dtype=torch.uint8)
    with pytest.raises(ValueError, match='at least one class'):
        PicturesToLogits(files.model)(picture, torch.zeros(0, 16))


@pytest.mark.slow
@pytest.mark.parametrize(
    'base, changes',
    [
        (
            'lseg_shapes-clip',
            {
                'model.decode_head.in_channels': 32,
                'model.decode_head.num_heads': 2,
                'model.decode_head.text_channels': 16,
            },
        ),
        (
            'film_shapes-clip',
            {
                'model.decode_head.in_channels': 32,
                'model.decode_head.num_heads': 2,
                'model.decode_head.text_channels': 16,
            },
        ),
        ('dense-clip_shapes-clip', {'model.backbone.attention': 'neighbour'}),
        (
            'clsclip_shapes-clip',
            {
                'model.backbone.num_tokens': 3,
                'model.backbone.navigate_blocks': (0, 2),
                'model.decode_head.in_channels': 32,
                'model.decode_head.num_heads': 2,
            },
        ),
        (
            'clsclip_shapes-clip',
            {
                'model.backbone.type': 'VisualPromptVisionTransformer',
                'model.backbone.navigate_blocks': (1,),
                'model.decode_head.in_channels': 32,
                'model.decode_head.num_heads': 2,
                'model.with_background': False,
                'model.data_preprocessor.bgr_to_rgb': False,
            },
        ),
    ],
)
def test_other_models(tiny_clip_json, tmp_path, base, changes):
    files = Files(tiny(tiny_clip_json, base, **changes), tmp_path)
    for case in [(1, 3, 32, 32), (2, 20, 50, 71)]:
        files.agree(*case)


@pytest.mark.parametrize('normalize', [False, True])
def test_the_text_encoder_and_the_vocabulary(tiny_clip_json, tmp_path, normalize):
    runtime = pytest.importorskip('onnxruntime')
    pytest.importorskip('onnxscript')
    encoder = tiny_clsclip(
        tiny_clip_json, **{'model.text_encoder.normalize': normalize}
    ).text_encoder
    export_text(encoder, tmp_path)
    session = runtime.InferenceSession(tmp_path / TEXT_ENCODER)
    for names in (['a'], NAMES_ASKED):
        tokens = encoder.tokenizer(names)
        found = session.run(None, dict(tokens=tokens.numpy()))[0]
        np.testing.assert_allclose(found, encoder(names), atol=1e-5, rtol=0)
    wanted = encoder().numpy()
    assert wanted.std() > 0.1
    assert np.array_equal(np.load(tmp_path / EMBEDDINGS), wanted)
    # They are a vocabulary as the configs have it.
    encoder.set_vocabulary(['another'])
    encoder.set_vocabulary(
        dict(embeddings=tmp_path / EMBEDDINGS, names=tmp_path / NAMES)
    )
    assert list(encoder.names) == NAMES_ASKED


@pytest.mark.parametrize('grid', [(8, 8), (1, 1), (5, 3), (13, 30), (1, 20)])
def test_positions_are_pytorchs(grid):
    torch.manual_seed(0)
    learned = torch.randn(8, 8, 16)
    wanted = F.interpolate(
        learned.permute(2, 0, 1)[None], size=grid, mode='bicubic', antialias=True
    )[0].permute(1, 2, 0)
    torch.testing.assert_close(
        resize_positions(learned, grid), wanted, atol=1e-5, rtol=0
    )
    with torch.autocast('cpu', torch.bfloat16):
        torch.testing.assert_close(
            resize_positions(learned, grid), wanted, atol=1e-5, rtol=0
        )
        assert torch.equal(resize_positions(learned, (8, 8)), learned)


@pytest.mark.parametrize(
    'key, value', [('keep_classes', 3), ('dtype', 'bfloat16'), ('compile', True)]
)
def test_what_no_file_can_do_is_refused(tiny_clip_json, key, value):
    model = tiny_clsclip(tiny_clip_json)
    model.test_cfg[key] = value
    with pytest.raises(ValueError, match=f'test_cfg.{key}='):
        PicturesToLogits(model)


def test_a_presence_is_refused(tiny_clip_json):
    model = tiny_clsclip(tiny_clip_json)
    model.presence = CLIPPresence()
    with pytest.raises(ValueError, match='presence has no place in an exported'):
        PicturesToLogits(model)


def test_other_wrong_models(tiny_clip_json):
    with pytest.raises(ValueError, match='Conv2d cannot.*ClsCLIP, LateFusionSegmentor'):
        PicturesToLogits(torch.nn.Conv2d(1, 1, 1))
    with pytest.raises(ValueError, match='free_tower=False'):
        TokensToText(SimpleNamespace(tower_goes=True))
    model = tiny_clsclip(tiny_clip_json)
    model.data_preprocessor.test_cfg = dict(size_divisor=16)
    with pytest.raises(ValueError, match='data_preprocessor.test_cfg=None'):
        PicturesToLogits(model)
    with pytest.raises(ValueError, match='no mean and std'):
        PicturesToLogits(
            tiny_clsclip(
                tiny_clip_json,
                **{
                    'model.data_preprocessor': dict(
                        type='SegDataPreProcessor', bgr_to_rgb=True, _delete_=True
                    )
                },
            )
        )


@pytest.fixture(scope='module')
def main():
    return runpy.run_path(str(ROOT / 'tools/export.py'))['main']


def small(clip, *more):
    return [
        '--cfg-options',
        f'model.backbone.architecture={clip}',
        'model.backbone.pretrained=None',
        'model.backbone.navigate_blocks=(1,2)',
        'model.decode_head.in_channels=32',
        'model.decode_head.num_heads=2',
        *more,
    ]


def test_the_tool_keeps_what_agrees_alone(
    main, files, tiny_clip_json, tmp_path, monkeypatch, capsys
):
    told = []  # before each stage

    # The export itself is tested above.
    def copy_segmentor(model, folder):
        told.append(capsys.readouterr().out)
        for name in (SEGMENTOR, PROGRAM):
            (folder / name).write_bytes((files.folder / name).read_bytes())

    def touch_text(encoder, folder):
        told.append(capsys.readouterr().out)
        for name in FILES[2:]:
            (folder / name).touch()

    monkeypatch.setattr(checked_export, 'export_segmentor', copy_segmentor)
    monkeypatch.setattr(checked_export, 'export_text', touch_text)
    checkpoint, out = tmp_path / 'one.pth', tmp_path / 'out'
    torch.save(files.model.state_dict(), checkpoint)
    call = [CONFIG, str(checkpoint), '--out-dir', str(out), *small(tiny_clip_json)]
    main(call)
    said = capsys.readouterr().out
    assert SEGMENTOR in told[0] and PROGRAM in told[0] and TEXT_ENCODER in told[1]
    assert said.index('compared with PyTorch') < said.index('off by')
    assert '2 x 36 x 31, 3 classes: off by at most ' in said
    assert said.count('off by') == 4 and said.count('Wrote ') == 5
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    with pytest.raises(SystemExit, match='names.json already.*--overwrite'):
        main(call)
    # Files of another model: nothing of them takes the place of the first.
    with torch.no_grad():
        files.model.decode_head.conv_seg.weight.add_(1e-2)
        torch.save(files.model.state_dict(), checkpoint)
        files.model.decode_head.conv_seg.weight.sub_(1e-2)
    before = (out / NAMES).stat().st_mtime_ns
    with pytest.raises(SystemExit, match='off by .*, more than 1e-04'):
        main([*call[:4], '--overwrite', *call[4:]])
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    assert (out / NAMES).stat().st_mtime_ns == before


def test_what_is_not_a_number_is_no_small_difference(files, monkeypatch):
    real, encoder = checked_export._model_logits, files.model.text_encoder
    classes = list(encoder.synonyms.values())
    sizes = []

    def logits(model, pictures):
        sizes.append(tuple(pictures.shape))
        return real(model, pictures) * (np.nan if len(sizes) == 2 else 1)

    monkeypatch.setattr(checked_export, '_model_logits', logits)
    try:
        assert np.isnan(checked_export.compare_files(files.model, files.folder))
    finally:
        encoder.set_vocabulary(classes)
    assert len(sizes) == 4


@pytest.mark.parametrize(
    'config, checkpoint, out, said',
    [
        ('shapes/clsclip_shapes-5i_whole.py', 'none', 'out', 'does not fit'),
        ('shapes/clsclip_shapes-5i_whole.py', 'gone.pth', 'out', 'gone.pth'),
        ('baselines/lseg_shapes-5i_fold0.py', CHECKPOINT, 'out', 'does not fit'),
        ('clsclip_plus', CHECKPOINT, 'out', 'ZoomIn cannot be exported'),
        ('gone.py', CHECKPOINT, 'out', 'gone.py'),
        ('shapes/clsclip_shapes-5i_whole.py', CHECKPOINT, 'file', 'file'),
        ('shapes/clsclip_shapes-5i_whole.py', CHECKPOINT, 'file/out', 'file'),
    ],
)
def test_wrong_use_of_the_tool(main, tmp_path, capsys, config, checkpoint, out, said):
    (tmp_path / 'file').touch()
    if config == 'clsclip_plus':
        config = 'clsclip_plus/clsclip-plus_shapes-5i_fold0.py'
    with pytest.raises(SystemExit) as told:
        main(
            [
                str(ROOT / 'configs' / config),
                checkpoint,
                '--out-dir',
                str(tmp_path / out),
            ]
        )
    if told.value.code == 2:  # a wrong argument, said by argparse
        assert 'gone' in said and said in capsys.readouterr().err
    else:
        assert re.search('^export.py: .*' + said, told.value.code)
    assert not [path for path in tmp_path.rglob('*') if path.suffix]
