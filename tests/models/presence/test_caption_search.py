"""What captions say of each name, against all captions in numpy."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmseg_clsclip.models.presence.caption_search import caption_posterior

SCALE = 8.0


def embedding(names):
    """A unit embedding of a caption, drawn by its names."""
    generator = torch.Generator().manual_seed(hash(names) % 2**31)
    return F.normalize(torch.randn(6, generator=generator), dim=0)


def encode(captions):
    return torch.stack([embedding(names) for names in captions])


def pictures(number):
    return F.normalize(torch.randn(number, 6), dim=-1)


def reference(picture, number, captions):
    """Probabilities of names, by Bayes: a sum over the captions that name them."""
    total = np.zeros(number)
    for names in captions:
        cosine = float(embedding(names).double() @ picture.double())
        prior = 1 / comb(number, len(names))
        total[list(names)] += prior * np.exp(SCALE * cosine)
    every = sum(
        np.exp(SCALE * float(embedding(c).double() @ picture.double()))
        / comb(number, len(c))
        for c in captions
    )
    return total / every


def all_captions(number, max_names):
    return [
        names
        for size in range(1, max_names + 1)
        for names in combinations(range(number), size)
    ]


def search(views, number, max_names, beam, shortlist, encode=encode):
    singles = encode([(k,) for k in range(number)])
    return caption_posterior(views, singles, encode, SCALE, max_names, beam, shortlist)


@pytest.mark.parametrize(
    'number, max_names', [(1, 1), (1, 3), (2, 3), (5, 1), (5, 2), (6, 3), (4, 4)]
)
def test_a_beam_of_all_is_bayes_over_all_captions(number, max_names):
    views = pictures(3)
    got = search(views, number, max_names, comb(number, 3) + number, number)
    captions = all_captions(number, max_names)
    want = [reference(view, number, captions) for view in views]
    np.testing.assert_allclose(got.exp(), want, rtol=1e-4)
    assert (got < 1e-5).all()


def grown(picture, number, max_names, beam, shortlist):
    """All captions of one name, and those that a beam finds."""

    def best(captions, number):
        ordered = sorted(captions, key=lambda c: -float(embedding(c) @ picture))
        return ordered[:number]

    captions = [(k,) for k in range(number)]
    likely = [names[0] for names in best(captions, shortlist)]
    frontier = best(captions, shortlist)[:beam]
    for _ in range(2, max_names + 1):
        longer = {
            tuple(sorted({*names, k}))
            for names in frontier
            for k in likely
            if k not in names
        }
        captions += longer
        frontier = best(longer, beam)
    return captions


@pytest.mark.parametrize(
    'beam, shortlist', [(1, 1), (1, 2), (1, 7), (2, 4), (3, 3), (4, 99), (99, 3)]
)
def test_a_beam_reads_the_captions_that_grow_from_the_best(beam, shortlist):
    views = pictures(4)
    got = search(views, 7, 3, beam, shortlist)
    for view, log_p in zip(views, got):
        captions = grown(view, 7, 3, beam, shortlist)
        np.testing.assert_allclose(log_p.exp(), reference(view, 7, captions), rtol=1e-4)


def test_pictures_do_not_change_each_other():
    views = pictures(5)
    alone = torch.cat([search(view[None], 7, 3, 2, 4) for view in views])
    torch.testing.assert_close(search(views, 7, 3, 2, 4), alone, atol=1e-5, rtol=0)


def test_each_caption_is_encoded_once():
    asked = []

    def spy(captions):
        asked.extend(captions)
        return encode(captions)

    search(pictures(6), 7, 3, 3, 5, spy)
    assert len(asked) == len(set(asked)) > 7
    assert all(list(names) == sorted(set(names)) for names in asked)


def test_names_that_are_alike_are_as_likely():
    """Whichever of equals the beam takes, with room for all of them."""
    got = search(
        pictures(2), 4, 3, 99, 4, lambda c: F.normalize(torch.ones(len(c), 6), dim=1)
    )
    # Of 1, 2 and 3 names out of 4, each number as likely: (1 + 2 + 3) / 3 / 4.
    torch.testing.assert_close(got.exp(), torch.full((2, 4), 0.5))


def test_of_equals_a_narrow_beam_takes_some():
    alike = F.normalize(torch.ones(1, 6), dim=1)
    got = search(pictures(2), 5, 3, 1, 2, lambda c: alike.expand(len(c), -1))
    assert got.isfinite().all()
    # Those of the shortlist are in one caption more than the others.
    assert ((got - got.amin(1, keepdim=True)) > 0.01).sum(1).tolist() == [2, 2]


def test_what_is_hardly_likely_is_still_a_number():
    """Far below what float32 holds as a probability."""
    singles = torch.eye(3)
    got = caption_posterior(torch.eye(3)[:1], singles, None, 500.0, 1, 1, 3)
    torch.testing.assert_close(got, torch.tensor([[0.0, -500.0, -500.0]]))


def test_a_large_vocabulary_takes_no_matrix_of_names_by_names():
    largest = []

    class Watch(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            if isinstance(out, torch.Tensor):
                largest.append(out.numel())
            return out

    number = 3000
    text = F.normalize(torch.randn(number, 6), dim=1)
    views = pictures(2)
    with Watch():
        got = search(views, number, 3, 3, 10, lambda c: text[: len(c)])
    assert got.shape == (2, number) and max(largest) < 100 * number
