"""The likeliest captions of a picture, and what they say of each name."""

from collections.abc import Callable, Sequence
from math import comb, log

import torch
from torch import Tensor

Names = tuple[int, ...]  # indices into a vocabulary, ascending


def caption_posterior(
    pictures: Tensor,
    singles: Tensor,
    encode: Callable[[Sequence[Names]], Tensor],
    scale: float,
    max_names: int,
    beam: int,
    shortlist: int,
) -> Tensor:
    """Return how likely each name is in each picture, by captions that name some.

    A caption names one to ``max_names`` things. The softmax of CLIP's scaled
    cosines over captions is what CLIP was trained on; a name's probability is
    the sum over those with it. Before a picture is seen every number of names
    is as likely, and every caption of as many. Of several names only those
    captions are read that grow from the best so far (a beam search).

    Args:
        pictures (Tensor): Unit embeddings (R, D) of pictures.
        singles (Tensor): Unit embeddings (K, D) of the captions of one name.
        encode (Callable): Returns unit embeddings (T, D) of captions of several;
            NaN of what cannot be read, which is left out.
        scale (float): Factor of the cosines.
        max_names (int): In one caption.
        beam (int): Captions of a picture that are grown by another name.
        shortlist (int): Names that they are grown by, the likeliest alone.

    Returns:
        Tensor: Logarithms of probabilities (R, K).
    """
    number = len(singles)
    # The search is Python's: a device is waited for once a number of names.
    scores = (scale * pictures @ singles.T).cpu()  # (R, K)
    likely = scores.topk(min(shortlist, number)).indices.tolist()
    # Of each picture: its captions, their scores, and those to grow from.
    captions: list[list[Names]] = [[(k,) for k in range(number)] for _ in pictures]
    values = [[row] for row in scores]
    growing: list[list[Names]] = [[(k,) for k in row[:beam]] for row in likely]
    for size in range(2, min(max_names, number) + 1):
        grown = [
            sorted(
                {
                    tuple(sorted((*names, k)))
                    for names in frontier
                    for k in row
                    if k not in names
                }
            )
            for frontier, row in zip(growing, likely)
        ]
        every = list(dict.fromkeys(names for row in grown for names in row))
        if not every:
            break
        cosines = (scale * encode(every) @ pictures.T).cpu()  # (T, R)
        index = {names: i for i, names in enumerate(every)}
        growing = []
        for i, row in enumerate(grown):
            value = cosines[[index[names] for names in row], i].nan_to_num(-torch.inf)
            best = value.topk(min(beam, len(row))).indices.tolist()
            growing.append([row[j] for j in best])
            captions[i] += row
            values[i].append(value - log(comb(number, size) / number))
    return torch.stack(
        [
            _sum_by_name(torch.cat(value), names, number)
            for value, names in zip(values, captions)
        ]
    ).to(pictures.device)


def _sum_by_name(values: Tensor, captions: Sequence[Names], number: int) -> Tensor:
    """Return log probabilities (K,) of names, of logits (T,) of captions.

    The first K are those of one name, so that a large vocabulary takes no matrix
    of all of them by all names.
    """
    alone, several = values.log_softmax(0).split([number, len(values) - number])
    of_several = captions[number:]
    rows = [row for row, names in enumerate(of_several) for _ in names]
    columns = [name for names in of_several for name in names]
    named = torch.zeros(len(several), number, dtype=torch.bool)
    named[rows, columns] = True
    several = several[:, None].expand(-1, number)  # (T - K, K)
    several = several.masked_fill(~named, -torch.inf)
    return torch.logaddexp(alone, several.logsumexp(0))
