"""ZoomIn: the test-time zoom-in of ClsCLIP+, around any segmentor."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

import torch
from mmengine.structures import InstanceData, PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from mmseg.utils import SampleList
from torch import Tensor, nn

from ..models.segmentors.text_prompted import asks_by_name, build
from ..proposals import BaseProposals, crop_windows
from ..utils.arguments import Count, Weight
from .canvas import Canvas
from .closed_set_classes import ClosedSetClasses
from .options import Join, WholePicture
from .prompted_classes import PromptedClasses
from .segmentor_classes import SegmentorClasses
from .segmentor_wrapper import SegmentorWrapper
from .shape_batcher import ShapeBatcher, View
from .zoom_input import ZoomInput


@MODELS.register_module()
class ZoomIn(SegmentorWrapper):
    """A segmentor that looks again, and closer, where proposals are.

    ClsCLIP+ of the paper when the segmentor is :class:`ClsCLIP`; any other
    segmentor of mmseg can be wrapped just so, see
    :class:`~mmseg_clsclip.zoom_in.segmentor_protocol.ZoomableSegmentor`. It
    stands in a config as the model or as the ``tta_model``, and loads the
    plain segmentor's checkpoint::

        predict(): proposals() -> a box of a wanted class is a region
                   regions cut out of the picture, enlarged by ``resize``
                   module.test_step() on many regions at once
                   logits resized to the region's window, pasted, joined

    The test pipeline has no ``Resize``: regions are cut from the picture as
    it was read. A segmentor with a ``text_encoder`` is prompted only with the
    class of the region's box; a closed-set segmentor predicts all its classes
    in every region, whatever the box's class. Of a segmentor with a ``presence``
    the whole picture says which names are asked, and their prior; boxes of
    others are left out.

    Where regions overlap, ``join`` decides:

    - ``'or'``, the paper's: a class is there if it is in any region's mask.
      In a closed set a class's logit counts only where it won in its region,
      and the background's where no class did in any.
      Where several classes are there the greatest logit wins.
    - ``'max'``, ``'mean'``: of the logits (alone in its episode, without a
      background, of the probabilities). For ClsCLIP, whose logit is
      positive in the foreground, ``'or'`` is the same as ``'max'``.

    Where no region is, ``whole_picture`` decides:

    - ``'fallback'``: a class that has no region is taken from the whole
      picture; one that has is nowhere else. In a closed set, or without a
      background, all pixels outside of regions are taken from the whole.
    - ``'include'``: the whole picture is one more region of every class.
    - ``'never'``: what is in no region is background.

    Args:
        module (dict): Config of the segmentor.
        proposals (dict): Where boxes come from, see
            :mod:`mmseg_clsclip.proposals`.
        resize (dict | Sequence[dict]): Transforms on ``img`` that bring a
            region, and the whole picture, to the segmentor's input size: what
            the plain test pipeline has between loading and packing. With
            ``keep_ratio=True`` only regions of one shape share a batch; a
            ``Pad`` after it, or ``square``, brings them together. What does
            more than resize and pad, or not always the same, is refused.
        margin (float): Of a region around its box, to every side, as a share
            of the box's width or height.
        square (bool): Lengthen the shorter side of a region to the longer
            one, so that enlarging does not distort it.
        min_size (int): No region is narrower or lower, in pixels of the
            picture.
        join (str): How overlapping regions are joined, see above.
        whole_picture (str): Where the whole picture is taken, see above.
        crop_batch_size (int): Regions that go through the segmentor at once,
            of whatever pictures and classes.
        classes (str | Sequence[str], optional): Names of a closed-set
            segmentor's classes in the order of its channels, or of a data set
            that mmseg knows. Defaults to those in the checkpoint, where
            ``init_model`` puts them into the model.
        keep_masks (bool): Keep the label map of each region, for drawing.
        data_preprocessor (dict, optional): For a ``module`` without one.
        pretrained (None): Unused; there for mmseg's tools.
        train_cfg (dict, optional): Unused; there for mmseg's tools.

    Raises:
        ValueError: If ``'never'`` meets a segmentor without a background, or
            the segmentor's config returns labels alone or pads twice.
    """

    def __init__(
        self,
        module: dict | nn.Module,
        proposals: dict | BaseProposals,
        resize: dict | Sequence[dict],
        margin: Weight = 0.1,
        square: bool = False,
        min_size: Count = 16,
        join: Literal['or', 'max', 'mean'] = 'or',
        whole_picture: Literal['fallback', 'include', 'never'] = 'fallback',
        crop_batch_size: Count = 32,
        classes: str | Sequence[str] | None = None,
        keep_masks: bool = False,
        data_preprocessor: dict | nn.Module | None = None,
        pretrained: None = None,
        train_cfg: dict | None = None,
    ):
        if data_preprocessor is not None and isinstance(module, dict):
            # mmengine's Runner hands on the config's top-level one. What the
            # segmentor's own config says is meant more closely.
            module = type(module)(module)
            module.setdefault('data_preprocessor', data_preprocessor)
        super().__init__(build(module))
        test_cfg = getattr(self.module, 'test_cfg', None) or {}
        if test_cfg.get('labels_only'):
            raise ValueError(
                'ZoomIn joins logits: take labels_only out of '
                "the test_cfg of its module's config."
            )
        self.proposals = build(proposals)
        self.batcher = ShapeBatcher(resize)
        self.batcher.check_preprocessor(self.module.data_preprocessor)
        self.margin = margin
        self.square = square
        self.min_size = min_size
        self.join = Join(join)
        self.whole_picture = WholePicture(whole_picture)
        self.crop_batch_size = crop_batch_size
        self.keep_masks = keep_masks
        self.classes: SegmentorClasses = (
            PromptedClasses(self.module)
            if asks_by_name(self.module)
            else ClosedSetClasses(self.module, classes)
        )
        if self.whole_picture is WholePicture.NEVER and self.classes.names is not None:
            self.classes.require_background()

    def _segment_whole(self, inputs: Sequence[ZoomInput]) -> None:
        """Fill in ``whole_logits`` where they are missing, and the ``presence``."""
        missing = [picture for picture in inputs if picture.whole_logits is None]
        views = (
            # With the metainfo that the plain test pipeline packs.
            View(
                k, picture.image, {'ori_shape': picture.size, **picture.sample.metainfo}
            )
            for k, picture in enumerate(missing)
        )
        for k, logits, presence in self.batcher.run(self.module, views, len(missing)):
            missing[k].whole_logits = self.classes.calibrate_whole(logits)
            missing[k].presence = presence
            space = self.classes.keep_asked(missing[k].label_space, presence)
            missing[k].label_space = space

    def _segment_regions(
        self, inputs: Sequence[ZoomInput], proposals: Sequence[InstanceData], join: Join
    ) -> list[Canvas]:
        """Segment the regions of proposals and join them.

        Args:
            inputs (Sequence[ZoomInput]): Pictures.
            proposals (Sequence[InstanceData]): Of each; ``windows`` is added.
            join (Join): How overlapping regions are joined.
        """
        device = self.module.data_preprocessor.device
        canvases = []
        views = {}  # a region that stands for several proposals is one view
        for k, (picture, boxes) in enumerate(zip(inputs, proposals)):
            canvases.append(
                self.classes.create_canvas(
                    picture.label_space.channels, picture.size, join, device
                )
            )
            boxes.windows = crop_windows(
                boxes.bboxes, picture.size, self.margin, self.min_size, self.square
            )
            for region in self.classes.list_regions(boxes):
                crop = picture.image[region.window.slices]  # (h, w, 3)
                meta = self.classes.describe_region(region, picture.presence)
                views[k, region] = View((k, region), crop, meta)
        for (k, region), logits, _ in self.batcher.run(
            self.module, views.values(), self.crop_batch_size
        ):
            prior = self.classes.find_prior(inputs[k].presence, region)
            channels = inputs[k].label_space.channels
            values = self.classes.read_region(logits, region, channels, prior)
            canvases[k].paste(region, values)
            if self.keep_masks:
                labels = self.classes.label_region(values, region, channels)
                canvases[k].label_maps[region] = labels.cpu()
        return canvases

    def _respond(
        self,
        inputs: Sequence[ZoomInput],
        proposals: Sequence[InstanceData] | None = None,
    ) -> list[Tensor]:
        """Return the response that :class:`BaseProposals` calls ``segment``."""
        if proposals is None:
            self._segment_whole(inputs)
            return [
                self.classes.compute_probabilities(
                    picture.whole_logits, picture.label_space.labels
                )
                for picture in inputs
            ]
        canvases = self._segment_regions(inputs, proposals, Join.MAX)
        # A closed set's probabilities are never nought; others' are already.
        return [
            self.classes.compute_probabilities(
                canvas.join_regions(), picture.label_space.labels
            )
            * (canvas.count.amax(0) > 0)
            for picture, canvas in zip(inputs, canvases)
        ]

    def predict(
        self, inputs: Sequence[Tensor], data_samples: SampleList | None = None
    ) -> SampleList:
        """Segment pictures, each of its own size.

        Args:
            inputs (Sequence[Tensor]): (3, H, W) uint8, as they were read.
            data_samples (list[SegDataSample], optional): With ``class_name``
                for episodes, and what the proposals need.

        Returns:
            list[SegDataSample]: As mmseg gives them: ``seg_logits``
            (C, H, W) and ``pred_sem_seg`` (1, H, W) beside what was there;
            ``proposals`` with ``bboxes``, ``scores``, ``labels``, ``names``,
            ``windows`` (n, 4), what was cut out for them, and ``masks`` if
            kept, a list of (h, w) label maps; ``presence``, if the segmentor
            says it and was asked for the whole picture; in the metainfo
            ``proposal_source``.

        Raises:
            ValueError: If a picture is not as it was read, or the names of
                a closed set are needed and not known.
        """
        if self.whole_picture is WholePicture.NEVER:
            self.classes.require_background()
        if self.proposals.needs_names:
            self.classes.require_names(self.proposals.source)
        data_samples = data_samples or [SegDataSample() for _ in inputs]
        with torch.no_grad():
            pictures = [
                ZoomInput.from_sample(image, sample, self.classes)
                for image, sample in zip(inputs, data_samples)
            ]
            if self.classes.judges_presence:
                self._segment_whole([p for p in pictures if not p.is_episode])
            proposals = self.proposals(
                inputs,
                data_samples,
                [picture.label_space.labels for picture in pictures],
                partial(self._respond, pictures),
            )
            canvases = self._segment_regions(pictures, proposals, self.join)
            if self.whole_picture is WholePicture.INCLUDE:
                self._segment_whole(pictures)
            elif self.whole_picture is WholePicture.FALLBACK:
                self._segment_whole(
                    [
                        picture
                        for picture, canvas in zip(pictures, canvases)
                        if canvas.find_uncovered().any()
                    ]
                )
            return list(map(self._pack_result, pictures, proposals, canvases))

    def _pack_result(
        self, picture: ZoomInput, proposals: InstanceData, canvas: Canvas
    ) -> SegDataSample:
        """Return a picture's sample with its logits, labels and proposals."""
        logits = canvas.add_whole(picture.whole_logits, self.whole_picture)  # (C, H, W)
        if self.keep_masks:
            regions = self.classes.list_regions(proposals)
            proposals.masks = [canvas.label_maps[region] for region in regions]
        result = picture.sample.to(logits.device)
        # The protocol that metrics print: what the segmentor saw, and where
        # the boxes came from.
        protocol = self.batcher.get_protocol(picture.size)
        source = self.proposals.describe()
        result.set_metainfo(dict(protocol, proposal_source=source))
        result.seg_logits = PixelData(data=logits)
        result.pred_sem_seg = PixelData(data=self.classes.label_pixels(logits))
        result.proposals = proposals
        if picture.presence is not None:
            result.presence = picture.presence
        return result
