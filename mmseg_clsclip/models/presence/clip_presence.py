"""CLIPPresence: which names are in a picture, by CLIP's own judgement."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Literal, NamedTuple

import torch
import torch.nn.functional as F
from mmseg.registry import MODELS
from torch import Tensor, nn

from ...utils.arguments import Count, Rule, Share
from .caption_search import Names, caption_posterior

# Up to 100, so that numbers stay finite, and a name that is asked above one that is
# not: MIN_LOG times that is far above ABSENT_LOGIT.
Factor = Annotated[float, Rule('a number above 0, up to 100', lambda x: 0 < x <= 100)]
Weight = Annotated[float, Rule('a number from 0 to 100', lambda x: 0 <= x <= 100)]
Caption = Annotated[str, Rule("a text with {}: 'a photo of a {}'", lambda t: '{}' in t)]

# Height and width of a corner, as shares of the picture's.
CORNER = 0.75
# The least logarithm of a probability, which keeps logits finite.
MIN_LOG = -20.0


class Presence(NamedTuple):
    """What is known of a vocabulary's names before masks are asked for.

    Attributes:
        probability (Tensor): Of each name in each picture (N, K), float32.
        asked (Tensor): Which names masks are asked of (N, K), bool.
        prior (Tensor): What is added to their logits (N, K), float32.
    """

    probability: Tensor
    asked: Tensor
    prior: Tensor


@MODELS.register_module()
class CLIPPresence:
    """Which names of a vocabulary are in a picture, by CLIP's own judgement.

    CLIP's frozen tower embeds the picture at CLIP's own size, and captions that
    name one or several of the vocabulary's things are compared with it, see
    :func:`caption_posterior`. Masks are asked of the names that are likely
    enough, so that the others cost nothing, and ``weight * log p`` is added to
    their logits: a prior in Bayes' sense, if the weight is 1.

    CLIP has read all names alike, those with masks and those without; so no
    seen class is preferred. One name at least is likely: whether *any* of them
    is there, CLIP cannot say. A caption has its names in the vocabulary's order,
    of which p depends a little. Episodes, of one name, are left alone.

    Args:
        max_names (int): In one caption. With 1 the vocabulary's own text tokens
            are compared, and no text tower is needed; p is then a share, which
            names that are there together divide among them.
        views (str): ``'whole'``, or ``'corners'`` for four overlapping corners
            of the picture besides, for small things: p is then the geometric
            mean of the whole's and of the best corner's.
        sharpness (float): Factor of CLIP's own ``logit_scale``.
        weight (float): Of ``log p`` in the logits; 0 adds nothing.
        min_probability (float): Of a name that is asked.
        max_asked (int, optional): Names of a picture that are asked, at most.
        caption (str): What the names are put into.
        conjunction (str): What stands between two of them.
        beam (int): See :func:`caption_posterior`.
        shortlist (int): See there.
        calibration (dict, optional): What the numbers were chosen on, as
            ``tools/calibrate_presence.py`` writes it: ``clip``, the CLIP's name
            in checkpoints, and ``chosen_on``, in words.

    Raises:
        ValueError: If an argument is not of these.
    """

    def __init__(
        self,
        max_names: Count = 3,
        views: Literal['whole', 'corners'] = 'corners',
        sharpness: Factor = 1.0,
        weight: Weight = 1.0,
        min_probability: Share = 0.05,
        max_asked: Count | None = None,
        caption: Caption = 'a photo of a {}',
        conjunction: str = ' and a ',
        beam: Count = 3,
        shortlist: Count = 10,
        calibration: dict | None = None,
    ):
        self.max_names = max_names
        self.views = views
        self.sharpness = sharpness
        self.weight = weight
        self.min_probability = min_probability
        self.max_asked = max_asked
        self.caption = caption
        self.conjunction = conjunction
        self.beam = beam
        self.shortlist = shortlist
        self.calibration = dict(calibration or {})

    def check_clip(self, name: str) -> None:
        """Refuse numbers that were chosen for another CLIP.

        Args:
            name (str): Of the CLIP that is asked, with its fingerprint.

        Raises:
            ValueError: If they were.
        """
        chosen_for = self.calibration.get('clip', name)
        if chosen_for != name:
            raise ValueError(
                f'presence was calibrated for the CLIP {chosen_for!r}, and this is '
                f'{name!r}: run tools/calibrate_presence.py for it, or take '
                'calibration out of presence to use its numbers all the same.'
            )

    def check_text_encoder(self, text_encoder: nn.Module) -> None:
        """Refuse a text encoder that cannot read captions of several names.

        Args:
            text_encoder (nn.Module): :class:`OpenCLIPTextEncoder`.

        Raises:
            ValueError: If it has no text tower for them.
        """
        if self.max_names > 1:
            text_encoder.check_captions()

    def check_lengths(self, names: Sequence[str], text_encoder: nn.Module) -> None:
        """Refuse names whose captions CLIP cannot read.

        Args:
            names (Sequence[str]): That will be asked.
            text_encoder (nn.Module): :class:`OpenCLIPTextEncoder`.

        Raises:
            ValueError: If a name is too long, or there is no text tower.
        """
        self.check_text_encoder(text_encoder)
        if self.max_names > 1:
            reader = text_encoder.reader
            words = _read_words(names, text_encoder)
            tokens = (reader.token_ids(self._write([word])) for word in words)
            self._check_read(words, [len(ids) <= reader.max_tokens for ids in tokens])

    def _check_read(self, words: Sequence[str], read: Sequence[bool]) -> None:
        """Refuse words of which a caption was not read.

        Raises:
            ValueError: If there is one.
        """
        if not all(read):
            caption = self._write([words[list(read).index(False)][:60]])
            raise ValueError(
                f'{caption!r} has more tokens than this CLIP reads: shorten the name, '
                'or the caption of the presence.'
            )

    def describe(self) -> str:
        """Return what results say of it, in words."""
        limit = f', at most {self.max_asked} names' if self.max_asked else ''
        chosen_on = self.calibration.get('chosen_on')
        return (
            f'CLIP, captions of up to {self.max_names} names, {self.views}, '
            f'sharpness {self.sharpness:g}, weight {self.weight:g}, '
            f'p at least {self.min_probability:g}{limit}; '
            + (f'chosen on {chosen_on}' if chosen_on else 'not calibrated')
        )

    @torch.no_grad()
    def __call__(
        self,
        visual: nn.Module,
        text_encoder: nn.Module,
        inputs: Tensor,
        paddings: Sequence[Sequence[int]],
        at_least_one: bool = False,
    ) -> Presence:
        """Judge the vocabulary's names in pictures.

        Args:
            visual (nn.Module): CLIP's visual tower, as open_clip has it.
            text_encoder (nn.Module): :class:`OpenCLIPTextEncoder`.
            inputs (Tensor): Normalised pictures (N, 3, H, W).
            paddings (Sequence): Of each picture left, right, top and bottom in
                pixels, which are none of it.
            at_least_one (bool): Ask for a name in any case, as must be where
                there is no background.

        Raises:
            ValueError: If captions of several names need a text tower that is
                not there, or are too long for it.
        """
        views = torch.cat(
            [
                self._views(picture[None], padding, visual.image_size)
                for picture, padding in zip(inputs, paddings)
            ]
        )  # (N * V, 3, h, w)
        pictures = visual(views)
        if isinstance(pictures, tuple):  # a CoCa's, with its tokens
            pictures = pictures[0]
        # In half precision many names would be equal.
        with torch.autocast(inputs.device.type, enabled=False):
            pictures = F.normalize(pictures.float(), dim=-1)
            log_p = self._compare(pictures, text_encoder, inputs.device)
            log_p = log_p.unflatten(0, (len(inputs), -1))  # (N, V, K)
            if log_p.shape[1] > 1:
                log_p = (log_p[:, :1] + log_p[:, 1:].amax(1, keepdim=True)) / 2
            log_p = log_p[:, 0]
        asked = self._choose(log_p, at_least_one)  # where none is as another yet
        log_p = log_p.clamp(min=MIN_LOG)
        return Presence(log_p.exp(), asked, self.weight * log_p)

    def _views(
        self, picture: Tensor, padding: Sequence[int], size: tuple[int, int]
    ) -> Tensor:
        """Cut views (V, 3, h, w) of CLIP's own size from a picture (1, 3, H, W)."""
        left, right, top, bottom = padding
        height, width = picture.shape[2] - bottom, picture.shape[3] - right
        picture = picture[..., top:height, left:width]
        views = [picture]
        if self.views == 'corners':
            height, width = (max(1, round(CORNER * side)) for side in picture.shape[2:])
            views += [
                part[..., across]
                for part in (picture[..., :height, :], picture[..., -height:, :])
                for across in (slice(width), slice(-width, None))
            ]
        return torch.cat(
            [
                view
                if view.shape[2:] == torch.Size(size)
                else F.interpolate(view, size, mode='bilinear', antialias=True)
                for view in views
            ]
        )

    def _compare(
        self, pictures: Tensor, text_encoder: nn.Module, device: torch.device
    ) -> Tensor:
        """Return log probabilities (R, K) of names in unit embeddings (R, D)."""
        scale = self.sharpness * text_encoder.logit_scale
        if self.max_names == 1:
            singles = F.normalize(text_encoder(device=device), dim=-1)
            return (scale * pictures @ singles.T).log_softmax(-1)
        words = _read_words(text_encoder.names, text_encoder)
        encode = partial(self._encode, words, text_encoder, device)
        singles = encode([(k,) for k in range(len(words))])  # (K, D)
        self._check_read(words, (~singles.isnan().any(1)).tolist())
        return caption_posterior(
            pictures, singles, encode, scale, self.max_names, self.beam, self.shortlist
        )

    def _encode(
        self,
        words: Sequence[str],
        text_encoder: nn.Module,
        device: torch.device,
        captions: Sequence[Names],
    ) -> Tensor:
        """Return unit embeddings (T, D) of captions that name some of the words."""
        return text_encoder.encode_captions(
            [self._write([words[k] for k in names]) for names in captions], device
        )

    def _write(self, words: Sequence[str]) -> str:
        """Return the caption that names some words."""
        return self.caption.replace('{}', self.conjunction.join(words))

    def _choose(self, log_p: Tensor, at_least_one: bool) -> Tensor:
        """Return which names (N, K) are asked."""
        asked = log_p.exp() >= self.min_probability
        if self.max_asked:
            asked &= _mark_likeliest(log_p, self.max_asked)
        return asked | _mark_likeliest(log_p, 1) if at_least_one else asked


def _read_words(names: Sequence[str], text_encoder: nn.Module) -> list[str]:
    """Return what stands for each of K names in a caption."""
    return [text_encoder.prompts.get(name, name) for name in names]


def _mark_likeliest(log_p: Tensor, number: int) -> Tensor:
    """Mark so many names of each picture (N, K), the likeliest."""
    best = log_p.topk(min(number, log_p.shape[1])).indices
    return torch.zeros_like(log_p, dtype=torch.bool).scatter_(1, best, True)
