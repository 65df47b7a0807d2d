"""Predictor: a model, classes by name, and any picture."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.config import Config, ConfigDict
from mmseg.apis import inference_model, init_model
from mmseg.structures import SegDataSample
from PIL import Image

from mmseg_clsclip_cli.messages import first_few
from mmseg_clsclip_cli.model_files import check_pairing

from ..datasets.masks import is_background
from ..models.clip.loading import ASSETS
from ..models.presence.clip_presence import CLIPPresence
from ..models.segmentors.clip_segmentor import CLIPSegmentor
from ..models.segmentors.wrappers import innermost_model
from ..models.text_encoders.vocabulary import fold_name, read_vocabulary
from ..utils.checkpoint import load_strictly
from ..utils.config_variables import vain_options
from ..utils.machine import check_device
from .configs import (
    check_pipeline,
    check_proposals,
    leave_presence_out,
    put_clip,
    put_zoom_in,
    read_config,
    resolve_segmentor,
)
from .image_io import LoadedImage, load_image, shrink
from .prediction import Prediction
from .provenance import is_drawn, knows_drawn_world, trace

DRAWN_WORLD = (
    'The shipped model knows only a drawn world of coloured shapes and no photographs.'
)
SHIPPED = (
    'generalized/clsclip-gate-presence_shapes-15-5_fold0.py',
    str(ASSETS / 'clsclip-gate_shapes-5i_fold0.pth'),
)
TRAINING_FREE = 'baselines/maskclip_vit-b16_voc21-336.py'
NOTHING_ASKED = (
    'no name is likely enough: nothing was asked (all names can be, see docs/demo.md)'
)
# Most logits, of all classes together, that a picture gets: 256 MB.
MAX_LOGITS = 2**26


class Predictor:
    """Segments pictures by names::

        predictor = Predictor(classes=['red circle', ['ring', 'annulus']])
        prediction = predictor('picture.jpg')
        labels = prediction.labels(threshold=0.6)

    A picture of so many pixels that its logits would be more than
    ``MAX_LOGITS`` is made smaller before the model sees it: with 20 classes
    above 3.2 million pixels. Its logits stay small and its labels are of the
    picture's own size. Unless the config says otherwise half precision is taken
    where the device is made for it (``dtype='auto'``).

    Args:
        config (str | Config, optional): Of a segmentor that names prompt, such as
            :class:`ClsCLIP`, or :class:`ZoomIn` around one; a path among the
            project's configs does. Defaults to what is shipped, which knows only
            the drawn world of Shapes-5i.
        checkpoint (str, optional): Of the config; what trains nothing has
            none.
        clip (str, optional): CLIP's weights, a file, a tag of open_clip, or
            'none': random ones, whose masks mean nothing. Without a config the
            training-free dense CLIP is asked.
        classes (Sequence, optional): Names, or lists of synonyms. Defaults to
            the config's vocabulary.
        background (bool, optional): Whether a pixel may be of no class.
            Defaults to what the config says.
        zoom_in (bool): Look again where the model has seen something, see
            :class:`ZoomIn`.
        all_names (bool): Ask for every name, likely or not: without the
            config's ``presence`` and ``keep_classes``. Changes nothing if it
            has neither.
        device (str, optional): Defaults to mmengine's choice.
        cfg_options (dict, optional): Changes to the config, by dotted keys.

    Raises:
        ValueError: If the request does not fit together.
        FileNotFoundError: If a file does not exist.
    """

    def __init__(
        self,
        config: str | Path | Config | None = None,
        checkpoint: str | Path | None = None,
        clip: str | None = None,
        classes: Sequence[str | Sequence[str]] | None = None,
        background: bool | None = None,
        zoom_in: bool = False,
        all_names: bool = False,
        device: str | None = None,
        cfg_options: dict | None = None,
    ):
        check_pairing(config, checkpoint)
        self.shipped = config is None and clip is None
        if self.shipped:
            config, checkpoint = SHIPPED
        cfg = read_config(TRAINING_FREE if config is None else config)
        cfg.merge_from_dict(cfg_options or {})
        problems = vain_options(cfg, cfg_options) if cfg_options else []
        if problems:
            raise ValueError(' '.join(problems))
        # What can be seen to be wrong is said before a model is built.
        if classes is not None:
            read_vocabulary(classes)
        device = check_device(device)
        kind = resolve_segmentor(cfg)
        inner = cfg.model.get('module', cfg.model)
        check_pipeline(cfg)
        inner.test_cfg = inner.get('test_cfg') or ConfigDict(mode='whole')
        if all_names:
            leave_presence_out(cfg, cfg_options or {})
        if clip:
            put_clip(inner, str(clip))
        if background is not None:
            inner.with_background = background
        test_cfg = inner.test_cfg
        if issubclass(kind, CLIPSegmentor):
            test_cfg.labels_only = False
            test_cfg.setdefault('dtype', 'auto')
        if zoom_in:
            put_zoom_in(cfg)
        check_proposals(cfg)
        self.model = init_model(cfg, device=device)
        self.segmentor = innermost_model(self.model)
        # The config's, whatever set_all_names says.
        self.presence = self.segmentor.presence
        self.random_weights = self.segmentor.has_random_weights
        self.drawn_world = knows_drawn_world(inner)
        self._load(checkpoint)
        self.provenance = trace(self.model, checkpoint, cfg_options)
        self.set_classes(classes)

    def _load(self, checkpoint: str | Path | None) -> None:
        if checkpoint:
            loaded = load_strictly(self.model, str(checkpoint))
            self.model.dataset_meta = loaded.get('meta', {}).get('dataset_meta')
        # With a random CLIP it means nothing with a checkpoint, either.
        elif not self.random_weights and any(
            p.requires_grad for p in self.segmentor.parameters()
        ):
            raise ValueError(
                f'{type(self.segmentor).__name__} has parts that are trained; '
                'give its checkpoint.'
            )

    def set_classes(self, classes: Sequence[str | Sequence[str]] | None) -> None:
        """Ask for other classes from now on.

        Args:
            classes (Sequence, optional): Names, or lists of synonyms; None
                changes nothing.

        Raises:
            ValueError: If a name is invalid.
        """
        encoder = self.segmentor.text_encoder
        groups = (
            list(encoder.synonyms.values())
            if classes is None
            else read_vocabulary(classes)
        )
        nowhere = set(map(fold_name, self.segmentor.background_names))
        clashing = {
            name
            for synonyms in groups
            for name in synonyms
            if is_background(name) or fold_name(name) in nowhere
        }
        if self.background and clashing:
            raise ValueError(
                f'{first_few(map(repr, sorted(clashing)))} is where no class is. '
                'Leave the name out, or ask without a background.'
            )
        if len(groups) == 1 and not self.background:
            raise ValueError(
                f'{groups[0][0]!r} alone, without a background, '
                'is everywhere. Give more classes.'
            )
        presence = self.segmentor.presence
        if isinstance(presence, CLIPPresence):
            presence.check_lengths([names[0] for names in groups], encoder)
        # What was made of the same names stays.
        if classes is not None and groups != list(encoder.synonyms.values()):
            encoder.set_vocabulary(classes)

    def set_all_names(self, all_names: bool) -> None:
        """Ask for every name, or for those that the presence finds likely.

        Args:
            all_names (bool): False changes nothing where there is no presence.
        """
        if self.presence is not None:
            self.segmentor.presence = None if all_names else self.presence

    @property
    def background(self) -> bool:
        """Whether label 0 is the background."""
        return self.segmentor.with_background

    @property
    def labels(self) -> int:
        """How many there are, the background among them."""
        return self.background + len(self.segmentor.text_encoder.names)

    def __call__(
        self, picture: str | Path | Image.Image | np.ndarray | LoadedImage
    ) -> Prediction:
        """Segment a picture.

        Args:
            picture (str | Image | np.ndarray): A file, a picture of
                Pillow's, or (H, W, 3) uint8, RGB.

        Raises:
            OSError, ValueError: If it cannot be read, see :func:`read_image`.
        """
        if type(picture) in (list, tuple, set):  # a LoadedImage is a tuple, too
            raise ValueError(
                f'{len(picture)} pictures were given, and a call segments one: '
                'write [predictor(picture) for picture in pictures].'
            )
        drawn_world = self.drawn_world and not is_drawn(picture)
        pixels, notes = load_image(picture)
        if pixels.dtype != np.uint8 or pixels.shape[2:] != (3,) or not pixels.size:
            raise ValueError(
                f'A picture is (H, W, 3) uint8, RGB, not {pixels.shape} {pixels.dtype}.'
            )
        synonyms = tuple(self.segmentor.text_encoder.synonyms.values())
        resized, more = shrink(pixels, MAX_LOGITS / self.segmentor.maps_a_picture)
        notes += more
        # mmseg's arrays are BGR, as OpenCV reads them.
        result = inference_model(self.model, np.ascontiguousarray(resized[..., ::-1]))
        logits = result.seg_logits.data[int(self.background) :]
        if logits.shape[1:] != resized.shape[:2]:
            raise ValueError(
                f'a picture of {resized.shape[1]} x {resized.shape[0]} pixels was '
                f'answered by {logits.shape[2]} x {logits.shape[1]}: the '
                "config's test_pipeline pads it and calls that its size, so "
                'that masks would be shifted. Take another config.'
            )
        presence, asked = self._read_presence(result)
        if asked and not any(asked):
            notes += (NOTHING_ASKED,)
        palette = np.array(self.model.dataset_meta['palette']).astype(int)
        return Prediction(
            pixels,
            logits.float().cpu(),  # (K, h, w)
            classes=synonyms,
            background=self.background,
            palette=palette.tolist(),
            random_weights=self.random_weights,
            drawn_world=drawn_world,
            notes=notes,
            presence=presence,
            asked=asked,
            provenance=self.provenance.asked_of(self.model),
        )

    def _read_presence(
        self, result: SegDataSample
    ) -> tuple[tuple[float, ...] | None, tuple[bool, ...] | None]:
        """Return how likely each class is, and whether a mask was asked of it."""
        presence = result.get('presence')
        if presence is None:
            return None, None
        return tuple(presence.probability.tolist()), tuple(presence.asked.tolist())
