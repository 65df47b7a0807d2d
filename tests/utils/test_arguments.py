"""Every class that a config can name says which argument is wrong."""

import math
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, Union, get_args, get_origin
from typing import get_type_hints as hints

import mmseg.registry
import numpy as np
import pytest
from mmengine.config import Config, ConfigDict
from mmengine.registry import Registry

import mmseg_clsclip
from mmseg_clsclip.utils.arguments import Count, Rule, describe, fits

OURS = {
    name: kind
    for registry in vars(mmseg.registry).values()
    if isinstance(registry, Registry)
    for name, kind in registry.module_dict.items()
    if getattr(kind, '__module__', '').startswith('mmseg_clsclip.')
}
# Values, and for which types they do.
VALUES = [
    ('xyzzy', (str,)),
    (2, (int, float)),
    (2.5, (float,)),
    (math.nan, ()),
    (True, (bool,)),
    (np.bool_(True), (bool,)),
    (object(), ()),
    ([object()], ()),
    (b'xyzzy', ()),
    (-1, (int, float)),
]


def alternatives(kind):
    """Plain types of an annotation; texts of a list are no text."""
    if get_origin(kind) in (Union, types.UnionType):
        return [one for part in get_args(kind) for one in alternatives(part)]
    return [get_origin(kind) or kind]


def annotated_arguments():
    for name, kind in OURS.items():
        told = {}
        for base in kind.__mro__:
            if '__init__' in vars(base) and base.__module__.startswith(
                'mmseg_clsclip.'
            ):
                told = {**hints(base.__init__), **told}
        for argument, one in told.items():
            yield pytest.param(
                kind, argument, alternatives(one), id=f'{name}-{argument}'
            )


def test_all_that_are_registered_are_looked_at():
    public = {
        name
        for name in mmseg_clsclip.__all__
        if isinstance(getattr(mmseg_clsclip, name), type)
    }
    bases = {
        'BaseProposals',
        'CLIPSegmentor',
        'DetectorProposals',
        'FoldDataset',
        'LateFusionHead',
    }
    assert public - set(OURS) == {*bases, 'Predictor'}  # no config's
    assert len(list(annotated_arguments())) > 150


@pytest.mark.parametrize('kind, argument, told', [*annotated_arguments()])
def test_a_wrong_type_is_refused_by_name(kind, argument, told):
    wrong = [value for value, does in VALUES if not set(does) & set(told)]
    assert len(wrong) >= 4
    for value in wrong:
        with pytest.raises(ValueError) as error:
            kind(**{argument: value})
        said = str(error.value)
        assert said.startswith(f'{kind.__name__}: {argument}=')
        assert ': write ' in said and said.endswith('.')


@pytest.mark.parametrize(
    'name, argument, values',
    [
        ('ClsCLIP', 'with_background', [2, -1, 'yes', 1.0, [], None]),
        ('ClsCLIP', 'pretrained', ['openai', '']),
        ('ClsCLIPHead', 'num_layers', [-1, 2.0, '2', True]),
        ('ClsCLIPHead', 'num_heads', [0, -2]),
        ('ClsCLIPHead', 'conv_channels', [[], (64, 0), 64, '64', (64, 2.5)]),
        (
            'ClsCLIPVisionTransformer',
            'navigate_blocks',
            [2, '234', [2.0], ['2'], [True], {2: 3}],
        ),
        ('ClsCLIPVisionTransformer', 'num_tokens', [0, -1, 1.5, '2', True]),
        ('VisualPromptVisionTransformer', 'num_prompts', [-1, 1.5]),
        ('LSegHead', 'text_channels', [0]),
        ('FiLMHead', 'in_channels', [-1]),
        ('ClsCLIPHead', 'ignore_index', ['255', 0, 1, 255.5, None, True]),
        ('TokenHead', 'align_corners', ['no', 2, None]),
        ('LSegHead', 'in_index', ['0', [0], 0.5]),
        ('BinaryDiceLoss', 'loss_weight', [-1, math.inf, math.nan]),
        ('DenseCLIPVisionTransformer', 'attention', ['Q', '', ['v']]),
        ('ZoomIn', 'margin', [-0.1, math.nan, -math.inf]),
        ('ZoomIn', 'min_size', [0, 1.5]),
        ('ZoomIn', 'crop_batch_size', [0, 2.0]),
        ('ZoomIn', 'join', ['OR', ['or']]),
        ('ZoomIn', 'resize', ['Resize', 8]),
        ('ZoomIn', 'whole_picture', [True, 'Never']),
        ('WindowProposals', 'grid', [(2, 0), (2,), (2, 2, 2), 2, '22', (2.5, 2)]),
        ('WindowProposals', 'overlap', [1, -0.1, math.nan, math.inf, '0.5']),
        ('SelfProposals', 'threshold', [0, 1, math.nan, 30]),
        ('SelfProposals', 'rounds', [0, 1.5]),
        ('SelfProposals', 'min_area', [-1, 0.5]),
        ('SelfProposals', 'score_thr', [math.nan, '0.5', None, 2, -1, 1.01]),
        ('WindowProposals', 'score_thr', [2, -1]),
        ('TorchvisionProposals', 'score_thr', [2, -1, 25]),
        ('GroundTruthProposals', 'score_thr', [2, -0.1]),
        # A results file may have scores of any scale.
        ('COCOResultsProposals', 'score_thr', [math.nan, '0.5']),
        ('SelfProposals', 'nms_iou', [math.nan, 1.5, -0.1, 70]),
        ('SelfProposals', 'max_per_picture', [0, 1.5, math.inf]),
        ('GroundTruthProposals', 'min_area', [-1, math.nan]),
        ('COCOResultsProposals', 'patience', [0, -1]),
        ('COCOResultsProposals', 'label_map', [['a'], dict(a=1), {1: 'a'}]),
        ('TorchvisionProposals', 'saw_test_classes', ['maybe', True]),
        ('OpenCLIPTextEncoder', 'batch_size', [0, -1, 2.5]),
        ('EpisodeIoUMetric', 'size_bounds', [(96, 32), (0, 5), (1,), (1, 2, 3), 5]),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(name, argument, values):
    for value in values:
        with pytest.raises(ValueError, match=f'^{name}: {argument}=.*: write'):
            OURS[name](**{argument: value})


def test_an_unknown_argument_is_answered_with_the_nearest():
    for name, wrong, nearest in (
        ('ClsCLIP', 'with_backgroud', 'with_background'),
        ('SelfProposals', 'treshold', 'threshold'),
        ('SelfProposals', 'nms', 'nms_iou'),
        ('TokenHead', 'num_layer', 'num_layers'),
        ('TokenHead', 'norm_cgf', 'norm_cfg'),
        ('PASCAL5iDataset', 'folds', 'fold'),
        ('EpisodeIoUMetric', 'size_bound', 'size_bounds'),
    ):
        with pytest.raises(
            TypeError, match=f'^{name} has no {wrong!r}; the nearest is {nearest!r}'
        ):
            OURS[name](**{wrong: 1})
    with pytest.raises(TypeError, match="has no 'kwargs'; there are"):
        OURS['EpisodeIoUMetric'](kwargs={})
    with pytest.raises(TypeError, match="has no 'xyzzy'; there are loss_nam"):
        OURS['BinaryDiceLoss'](xyzzy=1)


def test_what_others_take_by_any_name_is_theirs():
    # mmseg's tools/test.py --out gives both; IoUMetric names only one.
    OURS['GeneralizedZeroShotIoUMetric'](output_dir='x', keep_results=True)


def test_a_step_of_a_pipeline_may_be_a_function():
    given = OURS['EpisodeDataset'](
        dict(type='Shapes5iDataset', split='test', length=1, test_mode=True),
        pipeline=[dict(type='LoadImageFromFile'), print],
        min_area=1,
    )
    assert print in given.pipeline.transforms


def test_a_class_of_the_users_own_is_held_to_the_same():
    class Mine(OURS['BinaryDiceLoss']):
        def __init__(self, mine, **kwargs):
            super().__init__(**kwargs)

    assert Mine('x', loss_weight=2).loss_weight == 2
    with pytest.raises(ValueError, match="Mine: loss_weight='2': write a fin"):
        Mine('x', loss_weight='2')


@pytest.mark.parametrize(
    'value, kind',
    [
        (np.int64(3), int),
        (np.int32(3), float),
        (np.float32(0.5), float),
        (1, float),
        (0, bool),
        (1, bool),
        (np.bool_(False), bool),
        (ConfigDict(a=1), dict),
        (Config(dict(a=1)), dict),
        ([1, 2], tuple[int, int]),
        (np.array([1, 2]), tuple[int, int]),
        ((1, 2), Sequence[int]),
        (range(3), Sequence[int]),
        ([], Sequence[int]),
        ({1, 2}, Sequence[int]),
        (Path('a'), str),
        (None, None),
        (dict(a='b'), Mapping[str, str]),
        (['a', ['b']], Sequence[str | Sequence[str]]),
        ('a', Literal['a', 'b']),
        (np.int8(1), Count),
        (print, object),
    ],
)
def test_what_does_as_well(value, kind):
    assert fits(value, Union[kind, str] if kind is None else kind)


def test_what_to_write_in_words():
    assert describe(Sequence[Count]) == (
        'a list, of which each is a whole number from 1 up'
    )
    assert describe(tuple[float, float] | None) == (
        'a list of 2, of which each is a number or None'
    )
    assert describe(Literal['a', 'b']) == "'a' or 'b'"
    assert describe(Literal['a', 'b', 'c']) == "one of 'a', 'b', 'c'"
    assert describe(Annotated[int, Rule('so many')]) == 'so many'
    assert describe(dict | bool) == 'a dict or True or False'
