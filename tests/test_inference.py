"""Windows and running argmax against mmseg's and torch's own."""
import pytest
import torch
from mmengine.config import ConfigDict
from mmseg.models.segmentors import EncoderDecoder

from mmseg_clsclip.inference import RunningArgmax, sliding_windows


@pytest.mark.parametrize('size, crop, stride', [
    ((32, 48), (32, 32), (16, 16)), ((40, 29), (16, 20), (12, 7)),
    ((10, 100), (32, 32), (20, 20)), ((33, 32), (32, 32), (32, 32)),
    ((64, 64), (16, 16), (16, 16)),
])
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
    ours = [picture[(..., *window)].flatten().tolist()
            for window in sliding_windows(size, crop, stride)]
    assert ours == spy.seen


def test_windows_that_leave_pixels_out_are_refused():
    assert len(sliding_windows((32, 30), (16, 16), (16, 20))) == 4
    with pytest.raises(ValueError, match="leave pixels.*stride to at most"):
        sliding_windows((64, 64), (16, 16), (32, 32))


@pytest.mark.parametrize('background', [True, False])
@pytest.mark.parametrize('chunk', [1, 2, 7])
def test_running_argmax(background, chunk):
    # Few values, so that there are ties, of which the first wins.
    logits = torch.randint(-1, 2, (7, 20, 20)).float()
    running = RunningArgmax(background)
    for which in torch.arange(7).split(chunk):
        running.add(logits[which], which)
    everything = logits if not background else torch.cat(
        [torch.zeros(1, 20, 20), logits])
    want = torch.from_numpy(everything.numpy().argmax(0, keepdims=True))
    assert torch.equal(running.labels, want)
