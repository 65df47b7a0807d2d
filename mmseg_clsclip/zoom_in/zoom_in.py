"""ZoomIn: the test-time zoom-in of ClsCLIP+, around any segmentor."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

import torch
from mmengine.model import BaseTTAModel
from mmengine.structures import InstanceData, PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from mmseg.utils import SampleList
from torch import Tensor, nn

from ..models.segmentors.text_prompted import build
from ..proposals import BaseProposals, crop_windows
from ..utils.arguments import Count, Weight
from .canvas import Canvas
from .prompted_classes import AskedClasses
from .shape_batcher import InBatches
from .zoom_input import Picture


@MODELS.register_module()
class ZoomIn(BaseTTAModel):
    """Looks again, and closer, where proposals say that something is.

    ClsCLIP+ of the paper when the segmentor is :class:`ClsCLIP`; any other
    segmentor of mmseg can be wrapped just so. It stands in a config as the
    model or as the ``tta_model``, and loads the plain segmentor's checkpoint::

        predict(): proposals() -> a box of a wanted class is a region
                   regions cut out of the picture, enlarged by ``resize``
                   module.test_step() on many regions at once
                   answers brought to the region's size, pasted back, joined

    The test pipeline has no ``Resize``: regions are cut from the picture as
    it was read. A segmentor with a ``text_encoder`` is asked only for the
    class of the region's box; a closed-set segmentor answers for all its
    classes in every region, whatever the box's class.

    Where regions overlap, ``join`` decides:

    - ``'or'``, the paper's: a class is there if any region says so. In a
      closed set a class's logit counts only where it won in its region. Where
      several classes are there the greatest logit wins.
    - ``'max'``, ``'mean'``: of the logits. For ClsCLIP, whose logit is
      positive where it says foreground, ``'or'`` is the same as ``'max'``.

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
        join (str): See above.
        whole_picture (str): See above.
        crop_batch_size (int): Regions that go through the segmentor at once,
            of whatever pictures and classes.
        classes (str | Sequence[str], optional): Names of a closed-set
            segmentor's classes in the order of its channels, or of a data set
            that mmseg knows. Defaults to those in the checkpoint, where
            ``init_model`` puts them into the model.
        keep_masks (bool): Keep what each region said, for drawing.
        data_preprocessor (dict, optional): For a ``module`` without one.
        pretrained (None): Unused; there for mmseg's tools.
        train_cfg (dict, optional): Unused; there for mmseg's tools.

    Raises:
        ValueError: If an option is none of the above, or ``'never'`` meets a
            segmentor without a background.
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
        self.in_batches = InBatches(resize)
        if self.in_batches.pads and getattr(
            self.module.data_preprocessor, 'test_cfg', None
        ):
            raise ValueError(
                "Both `resize` and the module's data_preprocessor.test_cfg "
                'pad, and mmseg takes off what the latter added alone. Leave '
                'Pad out of `resize`.'
            )
        self.margin = margin
        self.square = square
        self.min_size = min_size
        self.join = join
        self.whole_picture = whole_picture
        self.crop_batch_size = crop_batch_size
        self.keep_masks = keep_masks
        self.asked = AskedClasses(self.module, classes)
        if self.asked.by_name or classes:
            self._check_background()

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        """Take a plain segmentor's weights, whoever loads them.

        mmengine's loading looks through this class, torch's own does not, and
        neither does mmengine's if a wrapper for several processes is around.
        """
        inner = prefix + 'module.'
        for key in [
            k for k in state_dict if k.startswith(prefix) and not k.startswith(inner)
        ]:
            if not key.startswith(prefix + 'proposals.'):
                state_dict[inner + key[len(prefix) :]] = state_dict.pop(key)
        super()._load_from_state_dict(state_dict, prefix, *args)

    @property
    def dataset_meta(self) -> dict:
        """That of the segmentor."""
        return self.module.dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, value: dict) -> None:
        self.module.dataset_meta = value

    @property
    def decode_head(self) -> nn.Module:
        """That of the segmentor, where mmseg's ``init_model`` looks for it."""
        return self.module.decode_head

    def _check_background(self) -> None:
        """Refuse ``'never'`` where there is nothing to be instead.

        Raises:
            ValueError: If so.
        """
        if self.whole_picture == 'never' and self.asked.background is None:
            raise ValueError(
                "whole_picture='never' makes background of what is in no "
                'region, and ZoomIn knows of no background of this segmentor. '
                "Write whole_picture='fallback', or, if a closed set has one, "
                "give its `classes`, of which one is 'background'."
            )

    # Asking the segmentor.

    def _look_at_whole(self, pictures: Sequence[Picture]) -> None:
        """Have the plain segmentor's answer for those that lack it."""
        todo = {k: p for k, p in enumerate(pictures) if p.whole is None}
        # With the metainfo that the plain test pipeline packs.
        jobs = (
            (k, p.image, {'ori_shape': p.size, **p.sample.metainfo})
            for k, p in todo.items()
        )
        for k, logits in self.in_batches(self.module, jobs, len(todo)):
            if getattr(self.module, 'classes_compete', False):
                logits = self.asked.margins(logits)
            elif self.asked.with_background:
                # It is 0 for ClsCLIP, and is made so where it is not.
                logits = logits - logits[:1]
            todo[k].whole = logits

    def _keys(self, found: InstanceData) -> list[tuple]:
        """The label asked for and the window, of each proposal.

        A closed set answers for all classes at once; its label is None.
        """
        return [
            (label if self.asked.by_name else None, tuple(window))
            for label, window in zip(found.labels.tolist(), found.windows.tolist())
        ]

    def _zoom(
        self, pictures: Sequence[Picture], proposals: Sequence[InstanceData], join: str
    ) -> list[Canvas]:
        """Answers to regions, pasted back and joined.

        Args:
            pictures (Sequence[Picture]): N pictures.
            proposals (Sequence[InstanceData]): Of each; ``windows`` is added.
            join (str): As the option.

        Returns:
            list[Canvas]: Of each.
        """
        canvases, jobs = [], {}
        for k, (picture, found) in enumerate(zip(pictures, proposals)):
            canvases.append(
                Canvas(
                    picture.channels,
                    picture.size,
                    join,
                    together=not self.asked.by_name,
                    background=self.asked.background,
                    device=self.module.data_preprocessor.device,
                )
            )
            found.windows = crop_windows(
                found.bboxes, picture.size, self.margin, self.min_size, self.square
            )
            for name, key in zip(found.names, self._keys(found)):
                # By key: what is asked twice is answered once.
                jobs[(k, *key)] = dict(class_name=name) if self.asked.by_name else {}
        cuts = ((key, pictures[key[0]].cut(key[2]), meta) for key, meta in jobs.items())
        for (k, label, window), logits in self.in_batches(
            self.module, cuts, self.crop_batch_size
        ):
            x1, y1, x2, y2 = window
            values, said = self.asked.read(
                logits, (y2 - y1, x2 - x1), pictures[k].channels, label
            )
            canvases[k].add(window, values, pictures[k].channel(label))
            if self.keep_masks:
                canvases[k].masks[label, window] = said.cpu()
        return canvases

    def _response(
        self, pictures: Sequence[Picture], regions: Sequence[InstanceData] | None = None
    ) -> list[Tensor]:
        """What :class:`BaseProposals` calls ``segment``."""
        if regions is None:
            self._look_at_whole(pictures)
            return [self.asked.probabilities(p.whole, p.wanted) for p in pictures]
        canvases = self._zoom(pictures, regions, 'max')
        # A closed set's probabilities are never nought; others' are already.
        return [
            self.asked.probabilities(c.joined(), p.wanted) * (c.count.amax(0) > 0)
            for p, c in zip(pictures, canvases)
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
            kept, a list of (h, w) label maps; in the metainfo
            ``proposal_source``.

        Raises:
            ValueError: If a picture is not as it was read, or the names of
                a closed set are needed and not known.
        """
        self._check_background()
        if self.proposals.needs_names and self.asked.names() is None:
            raise ValueError(
                f'{self.proposals.source} gives boxes with names, and those '
                "of the segmentor's classes are not known. Give them to ZoomIn"
                " as `classes`, for instance classes='voc'."
            )
        data_samples = data_samples or [SegDataSample() for _ in inputs]
        with torch.no_grad():
            pictures = [
                Picture.of(*pair, self.asked) for pair in zip(inputs, data_samples)
            ]
            found = self.proposals(
                inputs,
                data_samples,
                [p.wanted for p in pictures],
                partial(self._response, pictures),
            )
            canvases = self._zoom(pictures, found, self.join)
            everything = list(zip(pictures, found, canvases))
            if self.whole_picture == 'include':
                self._look_at_whole(pictures)
            elif self.whole_picture == 'fallback':
                self._look_at_whole(
                    [p for p, f, c in everything if c.left(f.labels.tolist()).any()]
                )
            return [self._result(*one) for one in everything]

    def _result(
        self, picture: Picture, found: InstanceData, canvas: Canvas
    ) -> SegDataSample:
        """All that is known of a picture now."""
        logits = canvas.with_whole(
            picture.whole, self.whole_picture, found.labels.tolist()
        )
        if self.keep_masks:
            found.masks = [canvas.masks[key] for key in self._keys(found)]
        result = picture.sample.to(logits.device)
        # The protocol that metrics print: what the segmentor saw, and where
        # the boxes came from.
        result.set_metainfo(
            dict(
                img_shape=self.in_batches.input_shape(picture.size),
                proposal_source=self.proposals.describe(),
            )
        )
        result.set_data(
            dict(
                seg_logits=PixelData(data=logits),
                pred_sem_seg=PixelData(data=self.asked.decide(logits)),
                proposals=found,
            )
        )
        return result

    def test_step(self, data: dict) -> SampleList:
        """Segment a batch as a data loader gives it."""
        return self._run_forward(data, mode='predict')

    val_step = test_step

    def forward(
        self,
        inputs: Sequence[Tensor],
        data_samples: SampleList | None = None,
        mode: str = 'tensor',
    ) -> SampleList:
        """``predict``, the only mode there is.

        Raises:
            NotImplementedError: If another mode is asked for.
        """
        if mode != 'predict':
            raise NotImplementedError(
                f'ZoomIn has no mode {mode!r}; it works when testing. Train '
                'the segmentor that is its `module`.'
            )
        return self.predict(inputs, data_samples)

    def merge_preds(self, data_samples_list: list) -> SampleList:
        """Not used: regions are joined as they come.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError(
            'ZoomIn has no views of whole pictures to merge; call test_step.'
        )
