"""Whole label maps under a test: labels that are not what the names say."""

from types import SimpleNamespace

import numpy as np
import pytest
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS
from PIL import Image

from mmseg_clsclip.datasets import check_label_maps
from mmseg_clsclip.datasets import label_map_check as label_maps
from mmseg_clsclip.datasets import masks as labels

PIPELINE = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]


@pytest.fixture
def build(tmp_path):
    """A data set of masks (4, n), each of given values in equal parts."""

    def _build(masks, classes=('background', 'a', 'b'), pipeline=PIPELINE, **kwargs):
        for number, values in enumerate(masks):
            mask = np.repeat(np.array([values]), 4, 0)
            Image.fromarray(mask.astype(np.uint8)).save(tmp_path / f'{number:03d}.png')
            Image.fromarray(np.zeros((*mask.shape, 3), np.uint8)).save(
                tmp_path / f'{number:03d}.jpg'
            )
        return DATASETS.build(
            dict(
                type=BaseSegDataset,
                data_root=str(tmp_path),
                pipeline=pipeline,
                metainfo=dict(classes=classes),
                test_mode=True,
                **kwargs,
            )
        )

    return _build


@pytest.fixture
def logged(monkeypatch):
    lines = []
    monkeypatch.setattr(labels, 'warn', lines.append)
    return lines


@pytest.mark.parametrize(
    'masks, kwargs, message',
    [
        ([[0, 3]], {}, r'000\.png holds the value 3; with 3 classes'),
        ([[0, 1, 2]] * 50 + [[0, 9]], {}, r'050\.png holds the value 9'),
        (
            [[0, 255]] * 3,
            {},
            r'No mask shows a class: 50 % .* 255 is ignored, and '
            r"no class; write 1 for 'a'\. One of 3 such masks is .*000\.png",
        ),
        ([[0]] * 40 + [[0, 255]], {}, "255 is ignored.*write 1 for 'a'"),
        (
            [[0, 255]],
            dict(classes=['a', 'b'], reduce_zero_label=True),
            "reduce_zero_label=True ignores 0, .* write 1 for 'a'",
        ),
        (
            [[0, 1, 255]],
            dict(classes=['background', 'a'], reduce_zero_label=True),
            "255 is ignored anyway: leave it out; write 1 for 'a'",
        ),
        (
            [[0, 0, 1, 2]] * 2,
            dict(reduce_zero_label=True),
            "makes 1 the label of the first name, 'background', and no mask holds 3",
        ),
        (
            [[0, 1]],
            dict(classes=['a'], reduce_zero_label=True),
            "has the one class 'a' and nothing beside it",
        ),
        (
            [[0, 255]],
            dict(classes=['a']),
            "has the one class 'a'.*Write classes="
            r"\['background', 'a'\]",
        ),
        ([[255]], dict(classes=['a', 'b']), '100 % of the pixels are ignored'),
        (
            [[0, 3]],
            dict(
                pipeline=[
                    dict(type='TestTimeAug', transforms=[[step] for step in PIPELINE])
                ]
            ),
            'holds the value 3',
        ),
    ],
)
def test_what_a_test_would_misread(build, masks, kwargs, message):
    data = build(masks, **kwargs)
    with pytest.raises(ValueError, match=message):
        check_label_maps(data)
    wrapped = DATASETS.build(
        dict(
            type='ConcatDataset',
            datasets=[dict(type='RepeatDataset', times=2, dataset=data)],
        )
    )
    with pytest.raises(ValueError, match=message):
        check_label_maps(wrapped)


@pytest.mark.parametrize(
    'masks, kwargs',
    [
        ([[0, 1, 2, 255]], {}),
        ([[0]] * 3, {}),  # pictures in which nothing is to be found
        ([[0, 255]] * 40 + [[1, 255]], {}),
        ([[0, 1]], dict(classes=['a', 'b'])),
        ([[0, 1, 2]], dict(classes=['a', 'b'], reduce_zero_label=True)),
        # As LoveDA has it: 0 is no data and 1 the background.
        ([[0, 1, 2, 3]], dict(reduce_zero_label=True)),
        ([[0, 0, 1]] * 40 + [[0, 3]], dict(reduce_zero_label=True)),
        ([[1, 2]], dict(reduce_zero_label=True)),
        ([[0, 1, 9]], dict(ignore_index=9)),
        ([[0, 9]], dict(pipeline=[])),  # nobody reads the masks
    ],
)
def test_what_may_be_meant(build, masks, kwargs, logged):
    check_label_maps(build(masks, **kwargs))
    assert not logged


def test_where_little_is_ignored_it_is_a_warning(build, logged):
    check_label_maps(build([[0, 1, 1, 2]], reduce_zero_label=True))
    assert len(logged) == 1 and 'Leave out reduce_zero_label' in logged[0]


def test_where_0_is_a_class_it_is_a_warning(build, logged):
    check_label_maps(build([[0, 255]] * 2, classes=['ground', 'shape']))
    assert len(logged) == 1 and "write 1 for 'shape'" in logged[0]


def test_what_a_metric_ignores_is_no_label(build):
    check_label_maps(build([[0, 1, 200]]), [SimpleNamespace(ignore_index=200)])


def test_a_benchmark_without_masks(build, tmp_path):
    data = build([[0, 1]])
    (tmp_path / '000.png').unlink()
    check_label_maps(data)


def test_a_mask_that_cannot_be_read_is_named_once(build, tmp_path):
    for replace in (False, True):
        data = build([[0, 1]])
        if replace:
            label_maps.replace_mask_loaders(data)
        (tmp_path / '000.png').write_text('no picture')
        with pytest.raises(OSError, match=r'000\.png cannot be read: ') as error:
            check_label_maps(data)
        assert str(error.value).count('000.png') == 1


def test_few_masks_are_read_and_once(build, monkeypatch):
    data, read = build([[0, 1, 2]] * 90), []
    count = label_maps.check_mask
    monkeypatch.setattr(
        label_maps, 'check_mask', lambda *args: read.append(args[1]) or count(*args)
    )
    check_label_maps(data)
    check_label_maps(data)
    assert len(read) == 32 and len(set(read)) == 32
    assert read[0].endswith('000.png') and read[-1].endswith('089.png')
