"""The rows of training-free methods: what their tables were made with."""

from pathlib import Path

import pytest
from mmengine.config import Config

from mmseg_clsclip.models.text_encoders.prompts import read_prompts
from mmseg_clsclip.models.text_encoders.vocabulary import read_vocabulary

FOLDER = Path(__file__).parents[2] / 'configs' / 'training_free'
SLIDE, LARGE, WHOLE = (224, 112), (448, 224), None
PROXY = 336, 112
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
    clip=dict(
        voc21=(336, PROXY, 40, 0.1, 0),
        voc20=(336, PROXY, 40, 0, 0),
        context60=(336, PROXY, 40, 0.05, 0),
        context59=(336, PROXY, 40, 0, 0),
        **{'coco-object': (336, PROXY, 40, 0.1, 0)},
        **{'coco-stuff': (336, PROXY, 40, 0, 0)},
        ade20k=(448, PROXY, 40, 0, 0),
        cityscapes=(448, SLIDE, 40, 0, 0),
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
    clip=('qk', True),
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


@pytest.mark.parametrize(
    'row, words',
    [
        ('sclip_vit-b16_voc21', 26),
        ('naclip_vit-b16_voc21', 26),
        ('clip_vit-b16_voc21', 26),
        ('sclip_vit-b16_coco-object', 25),
        ('naclip_vit-b16_coco-object', 25),
        ('clip_vit-b16_coco-object', 16),
        ('clearclip_vit-b16_voc21', 1),
    ],
)
def test_the_background_has_as_many_words(row, words):
    background = Config.fromfile(FOLDER / f'{row}.py').model.background
    assert len(set(background)) == len(background) == words
    # Another name of VOC's classes it may be, of COCO's it is a class.
    assert ('bed' in background) == (words == 26)


PERSON = ['person', *(f'person in {x}' for x in 'shirt jeans dress sweater'.split())]
PERSON += ['person in skirt', 'person in jacket']


@pytest.mark.parametrize(
    'row, queries',
    [
        (
            'sclip_vit-b16_voc21',
            {
                'boat': ['ship'],
                'diningtable': ['table'],
                'person': PERSON,
                'pottedplant': ['pottedplant'],
                'tvmonitor': [
                    *('television monitor', 'tv monitor', 'monitor'),
                    *('television', 'screen'),
                ],
            },
        ),
        *(
            (
                f'{row}_vit-b16_voc21',
                {
                    'boat': ['ship'],
                    'diningtable': ['table'],
                    'person': ['person'],
                    'tvmonitor': ['tvmonitor'],
                },
            )
            for row in ('clearclip', 'clip')
        ),
        ('sclip_vit-b16_coco-object', {'person': [*PERSON, 'body'], 'tv': ['tv']}),
        ('clip_vit-b16_coco-object', {'person': ['person'], 'bed': ['bed']}),
        (
            'maskclip_vit-b16_voc20',
            {
                'aeroplane': ['airplane'],
                'boat': ['boat'],
                'pottedplant': ['potted plant'],
                'tvmonitor': ['tv monitor'],
            },
        ),
        *(
            (f'{row}_vit-b16_cityscapes', {'traffic light': ['trafficlight']})
            for row in ('sclip', 'naclip', 'clearclip', 'clip')
        ),
        *(
            (f'{row}_vit-b16_ade20k', {'crt screen': ['crtscreen']})
            for row in ('sclip', 'naclip', 'clearclip', 'clip')
        ),
        *(
            (f'{row}_vit-b16_coco-stuff', {'hot dog': ['hotdog']})
            for row in ('sclip', 'naclip', 'clearclip', 'clip')
        ),
    ],
)
def test_classes_are_asked_by_the_names_of_the_papers_code(row, queries):
    text = Config.fromfile(FOLDER / f'{row}.py').model.text_encoder
    by_class = {names[0]: names for names in read_vocabulary(text.vocabulary)}
    prompts = read_prompts(text.get('prompts'))
    for name, expected in queries.items():
        assert [prompts.get(name, name) for name in by_class[name]] == expected
