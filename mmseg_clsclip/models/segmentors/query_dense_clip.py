"""QueryDenseCLIP: dense CLIP whose classes are as likely as their likeliest name."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.utils import SampleList
from torch import Tensor

from ...utils.arguments import Rule, Share
from ...utils.keys import KEEP_LOGIT
from ..inference.competing_queries import classes_of_queries
from ..inference.restoring import ABSENT_LOGIT, restore_logits
from ..inference.running_argmax import running_labels
from ..inference.sliding_windows import Window, windows_of
from ..presence.clip_presence import Presence
from .blank_samples import blank_samples
from .dense_clip import DenseCLIP

Scale = Annotated[float, Rule('a number above 0, up to 1000', lambda x: 0 < x <= 1000)]


@MODELS.register_module()
class QueryDenseCLIP(DenseCLIP):
    """Dense CLIP as SCLIP, NACLIP and ClearCLIP have it after the features.

    Every name of every class, and every name of the background, is a query of its
    own. The cosines of a query are averaged over the windows and brought to the
    picture's own size; only there the queries compete, in a softmax over all, and
    a class is as likely as its likeliest name, see :func:`classes_of_queries`. So::

        encode_decode()        logits of queries (N, Q, H, W), the background's first
        postprocess_result()   of classes

    Args:
        softmax_scale (float): Factor of the cosines in the softmax.
        prob_thd (float): The least probability of a class; where none has it is
            the background.
        area_thd (float): The least share of a class in the pixels of all classes;
            others are left out of the picture.
        kwargs: Of :class:`DenseCLIP`.

    Raises:
        ValueError: If there is a threshold, but no background.
    """

    def __init__(
        self,
        softmax_scale: Scale = 40.0,
        prob_thd: Share = 0.0,
        area_thd: Share = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        for key, value in dict(prob_thd=prob_thd, area_thd=area_thd).items():
            if value and not self.with_background:
                raise ValueError(
                    f'{key}={value} gives pixels to the background: set '
                    f'with_background=True, or {key}=0.'
                )
        self.softmax_scale = softmax_scale
        self.prob_thd = prob_thd
        self.area_thd = area_thd

    @property
    def maps_a_picture(self) -> int:
        """See the base class: of queries, and as many shares of a softmax."""
        words = sum(map(len, self.text_encoder.synonyms.values()))
        return 2 * (self.with_background * len(self.background_names) + words)

    def _read_queries(self) -> None:
        """Read all names (Q, D), the background's first, and the label of each."""
        self._read_tower()
        self.logit_scale = self.softmax_scale
        rows, classes = self.text_encoder.each_name()
        texts = torch.stack([row.to(self.clip_name.device) for row in rows])
        labels = [k + self.with_background for k in classes]
        if self.with_background:
            texts = torch.cat([self.background_text.to(texts), texts])
            labels = [0] * len(self.background_names) + labels
        self.query_text, self.query_labels = texts, labels

    def judge_presence(
        self, inputs: Tensor, metas: Sequence[dict] | None
    ) -> Presence | None:
        """Begin a prediction, as the base class does.

        Queries are read here, before a text tower is freed.
        """
        self._read_queries()
        return super().judge_presence(inputs, metas)

    def shared_features(self, inputs: Tensor) -> tuple[Tensor, int]:
        """Return embeddings (N, D, h, w), from whose cosines nothing is subtracted."""
        return F.normalize(self.backbone(inputs)[0].float(), dim=1), 0

    def _iter_logits(
        self, inputs: Tensor, metas: list[dict] | None, windows: Sequence[Window]
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Give logits of queries, a batch after the other.

        Yields:
            tuple: Indices (P,) of pictures and (P,) of queries, and the logits
            (P, H, W) of these pairs.
        """
        presence = self.judge_presence(inputs, metas)  # which reads the queries
        if self.text_encoder.free_tower:
            self.text_encoder(device=inputs.device)
        asked = prior = None
        if presence is not None:
            # The background's names are always asked.
            ground = (int(self.with_background), 0)
            asked = F.pad(presence.asked, ground, value=True)[:, self.query_labels]
            prior = F.pad(presence.prior, ground)[:, self.query_labels]
        text = self.query_text.to(inputs.device).expand(len(inputs), -1, -1)
        for pictures, queries, logits in self.class_by_class.iter_logits(
            self, inputs, text, windows, asked
        ):
            if prior is not None:
                logits = logits + prior[pictures, queries][:, None, None]
            yield pictures, queries, logits

    def _all_logits(
        self, inputs: Tensor, metas: list[dict] | None, windows: Sequence[Window]
    ) -> Tensor:
        """Return logits (N, Q, H, W) of queries, in episodes of the vocabulary's."""
        names = self._episode_names(metas)
        if names is not None:
            self._find_labels(names)
            metas = self._metas_of_all(metas)
        seg_logits = None
        for pictures, queries, logits in self._iter_logits(inputs, metas, windows):
            if seg_logits is None:
                shape = len(inputs), len(self.query_labels), *logits.shape[1:]
                seg_logits = logits.new_full(shape, ABSENT_LOGIT)
            seg_logits[pictures, queries] = logits
        return seg_logits

    def _running_labels(
        self, inputs: Tensor, samples: SampleList, metas: list[dict]
    ) -> list[Tensor]:
        """Return labels (1, H, W) of a whole vocabulary, holding few maps at once.

        Raises:
            ValueError: If there is an ``area_thd``.
        """
        if self.area_thd:
            raise ValueError(
                f'area_thd={self.area_thd} gives pixels to the next best class, which '
                'needs the logits of all: set test_cfg.labels_only=False.'
            )
        windows = windows_of(self.test_cfg, inputs.shape[2:])
        labels = torch.tensor(self.query_labels, device=inputs.device)
        # The likeliest query is of the likeliest class.
        parts = (
            (pictures, labels[queries], logits)
            for pictures, queries, logits in self._iter_logits(inputs, metas, windows)
        )
        return running_labels(parts, samples, False, self.align_corners, self.prob_thd)

    def postprocess_result(
        self, seg_logits: Tensor, data_samples: SampleList | None = None
    ) -> SampleList:
        """Make classes of queries, at the pictures' own sizes.

        Args:
            seg_logits (Tensor): Of queries (N, Q, h, w).
            data_samples (list[SegDataSample], optional): Of the pictures.

        Returns:
            list[SegDataSample]: With ``pred_sem_seg`` (1, H, W) and ``seg_logits``
            (K [+1], H, W) as :class:`DenseCLIP` has them; K is 1 for episodes.
        """
        samples = data_samples or blank_samples(seg_logits)
        for queries, sample in zip(seg_logits, samples):
            name = sample.metainfo.get('class_name')
            logits = classes_of_queries(
                restore_logits(queries, sample.metainfo, self.align_corners),
                self.query_labels,
                self.with_background,
                self.prob_thd,
                self.area_thd,
            )
            if name:
                logits = self._margins(logits[None], self._find_labels([name]))[0]
            if len(logits) == 1 and not sample.metainfo.get(KEEP_LOGIT):
                logits = logits.sigmoid()  # as mmseg has it
                labels = (logits > self.decode_head.threshold).to(logits)
            elif len(logits) == 1:
                labels = (logits > 0).to(logits)
            else:
                labels = logits.max(0, keepdim=True).indices
            sample.seg_logits = PixelData(data=logits)
            sample.pred_sem_seg = PixelData(data=labels)
        return samples
