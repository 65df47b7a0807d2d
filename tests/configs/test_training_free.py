"""The rows of training-free methods: what their tables were made with."""

from pathlib import Path

import pytest
from mmengine.config import Config

FOLDER = Path(__file__).parents[2] / 'configs' / 'training_free'
SLIDE, LARGE, WHOLE = (224, 112), (448, 224), None
BACKGROUND = 'voc21', 'context60', 'coco-object'
# Short side, window and stride, softmax's scale, prob_thd, area_thd.
ROWS = dict(
    sclip=dict(
        voc21=(336, SLIDE, 65, 0.1, 0.1),
        voc20=(336, SLIDE, 40, 0, 0),
        context60=(336, SLIDE, 50, 0.1, 0),
        context59=(336, SLIDE, 40, 0, 0),
        **{'coco-object': (336, SLIDE, 50, 0.1, 0)},
        **{'coco-stuff': (448, SLIDE, 40, 0, 0)},
        ade20k=(336, SLIDE, 40, 0, 0),
        cityscapes=(560, SLIDE, 40, 0, 0),
    ),
    naclip=dict(
        voc21=(336, WHOLE, 40, 0.1, 0),
        voc20=(336, WHOLE, 40, 0, 0),
        context60=(336, SLIDE, 40, 0.1, 0),
        context59=(336, SLIDE, 40, 0, 0),
        **{'coco-object': (336, SLIDE, 40, 0.1, 0)},
        **{'coco-stuff': (336, SLIDE, 40, 0, 0)},
        ade20k=(336, SLIDE, 40, 0, 0),
        cityscapes=(560, SLIDE, 40, 0, 0),
    ),
    clearclip=dict(
        voc21=(448, LARGE, 50, 0.5, 0),
        voc20=(448, LARGE, 50, 0, 0),
        context60=(448, LARGE, 50, 0.15, 0),
        context59=(448, LARGE, 50, 0, 0),
        **{'coco-object': (448, LARGE, 50, 0.4, 0)},
        **{'coco-stuff': (448, LARGE, 50, 0, 0)},
        ade20k=(448, LARGE, 50, 0, 0),
        cityscapes=(448, (224, 224), 50, 0, 0),
    ),
    maskclip=dict(
        voc20=(512, WHOLE, None, 0, 0),
        # Of the longer side, as mmseg's base of that data set has it.
        context59=(520, WHOLE, None, 0, 0),
        **{'coco-stuff': (512, WHOLE, None, 0, 0)},
        ade20k=(512, WHOLE, None, 0, 0),
    ),
)
ATTENTIONS = dict(
    sclip=('qq+kk', True),
    naclip=('neighbour', False),
    clearclip=('qq', False),
    maskclip=('v', True),
)


@pytest.mark.parametrize(
    'method, data', [(method, data) for method in ROWS for data in ROWS[method]]
)
def test_a_row_is_the_tables(method, data):
    cfg = Config.fromfile(FOLDER / f'{method}_vit-b16_{data}.py')
    model, test_cfg = cfg.model, cfg.model.test_cfg
    window = WHOLE
    if test_cfg.mode == 'slide':
        window = tuple(test_cfg[key][0] for key in ('crop_size', 'stride'))
    longest, side = cfg.test_pipeline[1].scale
    assert longest == (side if side == 520 else 2048)
    thresholds = [model.get(key, 0) for key in ('prob_thd', 'area_thd')]
    got = (side, window, model.get('softmax_scale'), *thresholds)
    assert got == ROWS[method][data]
    assert (model.backbone.attention, model.backbone.residual) == ATTENTIONS[method]
    assert model.with_background == (data in BACKGROUND)
    text = model.text_encoder
    assert text.templates == ('maskclip' if method == 'maskclip' else 'clip')
    assert text.normalize


def test_no_row_is_missing():
    assert {path.stem for path in FOLDER.glob('*.py')} == {
        f'{method}_vit-b16_{data}' for method in ROWS for data in ROWS[method]
    }


@pytest.mark.parametrize('data, words', [('voc21', 26), ('coco-object', 25)])
def test_sclip_and_naclip_have_many_names(data, words):
    for method in ('sclip', 'naclip'):
        model = Config.fromfile(FOLDER / f'{method}_vit-b16_{data}.py').model
        assert len(set(model.background)) == words
        (person,) = (n for n in model.text_encoder.vocabulary if 'person' in n)
        assert len(person) == 7 + (data == 'coco-object')
