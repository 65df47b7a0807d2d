"""Options; windows and running argmax against mmseg's and torch's own."""

import math

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from mmseg.models.segmentors import EncoderDecoder

from mmseg_clsclip.models.inference.running_argmax import RunningArgmax
from mmseg_clsclip.models.inference.sliding_windows import sliding_windows
from mmseg_clsclip.models.inference.test_cfg import (
    CLIPTestCfg,
    WindowsCfg,
    check_test_cfg,
)


@pytest.mark.parametrize(
    'size, crop, stride',
    [
        ((32, 48), (32, 32), (16, 16)),
        ((40, 29), (16, 20), (12, 7)),
        ((10, 100), (32, 32), (20, 20)),
        ((33, 32), (32, 32), (32, 32)),
        ((64, 64), (16, 16), (16, 16)),
    ],
)
def test_windows_are_mmsegs(size, crop, stride):
    class Spy(torch.nn.Module):
        """Answers with zeros and remembers which pixels it was shown."""

        test_cfg = ConfigDict(crop_size=crop, stride=stride)
        out_channels = 1
        seen = []

        def encode_decode(self, inputs, metas):
            self.seen.append(inputs.flatten().tolist())
            return torch.zeros_like(inputs)

    picture = torch.arange(size[0] * size[1]).view(1, 1, *size).float()
    spy = Spy()
    spy.seen = []
    EncoderDecoder.slide_inference(spy, picture, [{}])
    ours = [
        picture[(..., *window)].flatten().tolist()
        for window in sliding_windows(size, crop, stride)
    ]
    assert ours == spy.seen


def test_windows_that_leave_pixels_out_are_refused():
    assert len(sliding_windows((32, 30), (16, 16), (16, 20))) == 4
    with pytest.raises(ValueError, match='leave pixels.*stride to at most'):
        sliding_windows((64, 64), (16, 16), (32, 32))


@pytest.mark.parametrize('background', [True, False])
@pytest.mark.parametrize('chunk', [1, 2, 7])
def test_running_argmax(background, chunk):
    # Few values, so that there are ties, of which the first wins.
    logits = torch.randint(-1, 2, (7, 20, 20)).float()
    running = RunningArgmax(background)
    for which in torch.arange(7).split(chunk):
        running.add(logits[which], which)
    everything = (
        logits if not background else torch.cat([torch.zeros(1, 20, 20), logits])
    )
    want = torch.from_numpy(everything.numpy().argmax(0, keepdims=True))
    assert torch.equal(running.labels, want)


WINDOWS = dict(mode='slide', crop_size=(32, 32), stride=(16, 16))


@pytest.mark.parametrize(
    'key, values',
    [
        ('mode', ['slide_flip', 'Whole', None, 1, '']),
        (
            'crop_size',
            [
                (32.5, 32.5),
                (32.0, 32.0),
                32,
                (32,),
                (32, 0),
                '32',
                (True, True),
                (32, 32, 3),
                (32, math.nan),
            ],
        ),
        ('stride', [(-1, 8), '8, 8', None, [8], dict(a=8, b=8)]),
        ('class_batch_size', [0, -1, 2.5, '8', True]),
        ('keep_classes', ['all', 0, -3, 1.5, True, [3]]),
        ('labels_only', ['no', 'False', 2, [], -1]),
        ('dtype', ['half', 'fp16', torch.float16, 16]),
        ('compile', ['yes', 2, ['dynamic']]),
    ],
)
def test_an_option_that_is_none_is_refused_by_name(key, values):
    for value in values:
        with pytest.raises(ValueError, match=f'ClsCLIP: test_cfg: {key}=.*: write '):
            check_test_cfg('ClsCLIP', {**WINDOWS, key: value}, CLIPTestCfg)


@pytest.mark.parametrize(
    'key, said',
    [
        ('class_batchsize', "nearest is 'class_batch_size'"),
        ('keep_class', "nearest is 'keep_classes'"),
        ('crop', "'crop_size'"),
        ('label_only', "'labels_only'"),
        ('xyzzy', 'there are class_batch_size,'),
    ],
)
def test_an_option_that_nothing_reads_is_refused(key, said):
    with pytest.raises(ValueError, match=f"test_cfg has no '{key}'; .*{said}"):
        check_test_cfg('ClsCLIP', {**WINDOWS, key: 1}, CLIPTestCfg)


def test_options_that_do():
    for options in (
        dict(crop_size=[32, 32], stride=np.array([8, 8])),
        dict(mode='whole', crop_size=None, stride=None),
        dict(class_batch_size=None, keep_classes=np.int64(3)),
        dict(labels_only=1, dtype=None, compile=dict(mode='default')),
        dict(labels_only=False, dtype='float32', compile=False),
        dict(_scope_='mmseg'),
    ):
        check_test_cfg('ClsCLIP', ConfigDict(WINDOWS, **options), CLIPTestCfg)
    # What another model does not read.
    with pytest.raises(ValueError, match="test_cfg has no 'keep_classes'"):
        check_test_cfg('x', dict(mode='whole', keep_classes=1), WindowsCfg)
