"""ClassBatcher: all classes in order, and fewer at once if memory runs out."""

import warnings

import pytest
import torch

from mmseg_clsclip.models.inference import class_batches as chunks
from mmseg_clsclip.models.inference.class_batches import ClassBatcher

TEXT = torch.randn(2, 10, 4)


FULL = torch.cuda.OutOfMemoryError('CUDA out of memory.')


def machine(room, raised=FULL):
    """A function that has room for so many classes, and what it was asked."""
    asked = []

    def function(which):
        text = TEXT[:, which]
        asked.append(text.shape[1])
        if text.shape[1] > room:
            raise raised
        return 2 * text

    return function, asked


def run(chunked, function, size=4, tokens=10):
    return torch.cat(
        [out for _, out in chunked(function, TEXT.shape[1], TEXT.device, size, tokens)],
        1,
    )


@pytest.mark.parametrize('size', [1, 3, 10, 99])
def test_all_in_order(size):
    function, asked = machine(99)
    assert torch.equal(run(ClassBatcher(), function, size), 2 * TEXT)
    assert max(asked) <= size and sum(asked) == 10
    assert len(asked) == -(-10 // size) and max(asked) - min(asked) <= 1


@pytest.mark.parametrize('tokens, at_once', [(1, 10), (25, 4), (999, 1)])
def test_the_number_follows_from_the_tokens(monkeypatch, tokens, at_once):
    monkeypatch.setattr(chunks, 'TOKENS_CPU', 100)
    function, asked = machine(99)
    run(ClassBatcher(), function, None, tokens)
    assert asked[0] == at_once


@pytest.mark.parametrize(
    'error',
    [
        FULL,
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        RuntimeError('NPU out of memory. Tried to allocate'),
    ],
)
def test_out_of_memory_halves_once_and_for_all(error):
    chunked = ClassBatcher()
    function, asked = machine(2, error)
    with pytest.warns(UserWarning, match='5 classes at once.*half as many'):
        out = run(chunked, function, 8)
    assert torch.equal(out, 2 * TEXT)
    assert asked == [5, 2, 2, 2, 2, 2]
    function, asked = machine(2, error)
    with warnings.catch_warnings():
        warnings.simplefilter('error')  # one warning was enough
        assert torch.equal(run(chunked, function, 8), 2 * TEXT)
    assert asked == [2] * 5
    # Smaller pictures get the tokens that there was room for.
    function, asked = machine(99)
    run(chunked, function, 8, tokens=5)
    assert asked == [4, 3, 3]


def test_one_class_that_does_not_fit_is_an_error():
    with pytest.raises(torch.cuda.OutOfMemoryError), pytest.warns(UserWarning):
        run(ClassBatcher(), machine(0)[0])


def test_other_errors_are_not_retried():
    function, asked = machine(0, RuntimeError('shapes do not match'))
    with pytest.raises(RuntimeError, match='shapes'):
        run(ClassBatcher(), function)
    assert asked == [4]
