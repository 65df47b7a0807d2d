"""CLIPSegmentor: what all segmentors on CLIP have in common."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from mmengine.config import ConfigDict
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.utils import SampleList, add_prefix
from torch import Tensor, nn

from ..clip.loading import load_clip
from ..inference.class_by_class import ClassByClassInference
from ..inference.restoring import ABSENT_LOGIT, find_padding
from ..inference.running_argmax import running_labels
from ..inference.sliding_windows import FULL_WINDOW, Window, windows_of
from ..inference.test_cfg import CLIPTestCfg, check_test_cfg
from ..presence.building import build_presence, resolve_presence
from ..presence.clip_presence import Presence
from ..presence.metainfo import read_presence, tell_presence, write_presence
from .blank_samples import blank_samples
from .checkpoint_signature import check_signature, sign_checkpoints
from .head_check import check_parts, fit_head
from .mask_padding import pad_masks
from .text_prompted import TextPromptedSegmentor, build


class CLIPSegmentor(TextPromptedSegmentor):
    """A segmentor on CLIP that answers a class name with a mask.

    1. ``loss``: every sample asks for the one class in its metainfo, see
       :class:`mmseg_clsclip.MakeEpisode`::

        loss(): shared_features() -> class_logits() -> decode_head.loss_by_feat()

    2. ``predict``: whole or sliding-window inference, as mmseg has them::

        predict(): encode_decode()/slide_inference() -> class_by_class.iter_logits()

    Subclasses say what is done once a picture (:meth:`shared_features`) and
    what for each class (:meth:`class_logits`). How many classes are asked at
    once, in which windows and with which precision, is the business of
    :class:`~mmseg_clsclip.models.inference.ClassByClassInference`.

    A picture whose metainfo has ``class_name`` is an episode: it is asked for that
    class alone and the answer is 0 or 1. Other pictures are asked for the whole
    vocabulary. With a background its logit is the constant 0 at index 0, and a class's
    that of its foreground: a class must be likelier than not to beat the background.

    Args:
        backbone (dict): :class:`ClsCLIPVisionTransformer` or a relative;
            its ``architecture`` and ``pretrained`` are those of both towers.
        text_encoder (dict): :class:`OpenCLIPTextEncoder`.
        decode_head (dict): A head of the subclass's kind; widths left out are CLIP's.
        with_background (bool): Whether index 0 is the background. False for
            data sets in which every pixel has a class.
        presence (dict, optional): :class:`CLIPPresence`: which names are asked in
            a picture, and their prior. Defaults to none: all, and alike.
        data_preprocessor (dict, optional): mmseg's ``SegDataPreProcessor``.
        train_cfg (dict, optional): Unused; there for mmseg's tools.
        test_cfg (dict, optional): See
            :class:`~mmseg_clsclip.models.inference.test_cfg.CLIPTestCfg`.
        pretrained (None): Unused; there for mmseg's tools.
        init_cfg (dict, optional): As mmengine has it.

    Raises:
        ValueError: If the head's widths are not CLIP's, or ``test_cfg`` says
            what cannot be done; see also :func:`mmseg_clsclip.load_clip`.
    """

    def __init__(
        self,
        backbone: dict,
        text_encoder: dict,
        decode_head: dict,
        with_background: bool = True,
        presence: dict | None = None,
        data_preprocessor: dict | nn.Module | None = None,
        train_cfg: dict | None = None,
        test_cfg: dict | None = None,
        pretrained: None = None,
        init_cfg: dict | Sequence[dict] | None = None,
    ):
        test_cfg = ConfigDict({'mode': 'whole', **(test_cfg or {})})
        check_test_cfg(type(self).__name__, test_cfg, CLIPTestCfg)
        towers = ('architecture', 'pretrained')
        clip = load_clip(**{key: backbone[key] for key in towers if key in backbone})
        super().__init__(
            backbone=dict(backbone, clip=clip),
            decode_head=decode_head,
            data_preprocessor=build(data_preprocessor),
            train_cfg=train_cfg,
            test_cfg=test_cfg,
            init_cfg=init_cfg,
        )
        self.text_encoder = MODELS.build(dict(text_encoder, clip=clip))
        self.with_background = with_background
        presence = resolve_presence(test_cfg, presence)
        self.presence = build_presence(presence, self.text_encoder, clip)
        self.has_random_weights = clip.random
        self.class_by_class = ClassByClassInference(
            type(self).class_logits, self.test_cfg.get('compile')
        )
        sign_checkpoints(self, clip.name)

    def _init_decode_head(self, decode_head: dict) -> None:
        super()._init_decode_head(fit_head(decode_head, self.backbone))
        check_parts(self)

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        """Refuse a checkpoint of another CLIP, of none, or of other settings.

        Raises:
            ValueError: If it names others, or does not fit.
        """
        check_signature(self, state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args)
        self.class_by_class.precision.forget()

    def train(self, mode: bool = True):
        """Switch as torch does; every evaluation casts the weights as they are then."""
        self.class_by_class.precision.forget()
        return super().train(mode)

    def shared_features(self, inputs: Tensor) -> Any:
        """Return what :meth:`class_logits` reads of pictures (N, 3, H, W)."""
        raise NotImplementedError

    def class_logits(self, shared: Any, text: Tensor, grid: tuple[int, int]) -> Tensor:
        """Return the foreground logits of some classes.

        Args:
            shared: What :meth:`shared_features` gave.
            text (Tensor): Text tokens (N, K, D).
            grid (tuple[int]): Rows h and columns w of patches.

        Returns:
            Tensor: (N, K, s * h, s * w), s whatever the model likes.
        """
        raise NotImplementedError

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict:
        """Return the losses of a batch, each sample asked for its own names.

        Args:
            inputs (Tensor): (N, 3, H, W).
            data_samples (list[SegDataSample]): With ``class_name``, one or as
                many as the others have, and a mask: i + 1 where the i-th is,
                0, and the ignored 255.

        Returns:
            dict[str, Tensor]: As mmseg's heads give them.

        Raises:
            ValueError: If a sample does not say which classes it asks for, or
                not as many as the others.
        """
        size = inputs.shape[2:]
        names = self._names_asked([s.metainfo for s in data_samples])
        text = self.text_encoder([n for own in names for n in own], inputs.device)
        text = text.unflatten(0, (len(names), -1))  # (N, K, D)
        shared = self.shared_features(inputs)
        seg_logits = self.class_logits(shared, text, self.backbone.grid_size(*size))
        size = self.backbone.padded_size(*size)
        samples = pad_masks(data_samples, size, self.decode_head.ignore_index)
        return add_prefix(self.decode_head.loss_by_feat(seg_logits, samples), 'decode')

    def judge_presence(
        self, inputs: Tensor, metas: Sequence[dict] | None
    ) -> Presence | None:
        """Say which names of the vocabulary are in each picture.

        Args:
            inputs (Tensor): (N, 3, H, W).
            metas (Sequence[dict], optional): mmseg's, which may name a padding.

        Returns:
            Presence, optional: None for episodes, and without ``presence``.
        """
        if self.presence is None or self._episode_names(metas):
            return None
        if any('presence' in meta for meta in metas or []):
            return read_presence(metas)
        cast = self.class_by_class.in_precision(self, inputs.device)
        with self.class_by_class.autocast(self, inputs.device):
            return self.presence(
                cast.backbone.visual.module,
                self.text_encoder,
                inputs,
                [find_padding(meta) for meta in metas or [{}] * len(inputs)],
                at_least_one=not self.with_background,
            )

    def _iter_logits(
        self, inputs: Tensor, metas: list[dict] | None, windows: Sequence[Window]
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Give foreground logits, a batch of classes after the other.

        Yields:
            tuple: Indices (P,) of pictures and (P,) of classes in the vocabulary,
            and the logits (P, H, W) of these pairs.
        """
        names = self._episode_names(metas)
        if names is None:
            text = self.text_encoder(device=inputs.device)  # (K, D)
            text = text.expand(len(inputs), -1, -1)
        else:
            text = self.text_encoder(names, inputs.device)[:, None]  # (N, 1, D)
        presence = self.judge_presence(inputs, metas)
        for pictures, classes, logits in self.class_by_class.iter_logits(
            self, inputs, text, windows, presence and presence.asked
        ):
            if presence is not None:
                logits = logits + presence.prior[pictures, classes][:, None, None]
            yield pictures, classes, logits

    def _all_logits(
        self, inputs: Tensor, metas: list[dict] | None, windows: Sequence[Window]
    ) -> Tensor:
        """Return logits (N, K [+1], H, W) of the vocabulary, or of episodes."""
        episodes = self._episode_names(metas) is not None
        channels = self.with_background + 1 if episodes else self.num_classes
        # Room for all: to join batches later would take it twice.
        seg_logits = inputs.new_full(
            (len(inputs), channels, *inputs.shape[2:]), ABSENT_LOGIT, dtype=torch.float
        )
        if self.with_background:
            seg_logits[:, 0] = 0
        for pictures, classes, logits in self._iter_logits(inputs, metas, windows):
            seg_logits[pictures, classes + self.with_background] = logits
        return seg_logits

    def encode_decode(
        self, inputs: Tensor, batch_img_metas: list[dict] | None
    ) -> Tensor:
        """Return logits of pictures at their own size.

        Args:
            inputs (Tensor): (N, 3, H, W).
            batch_img_metas (list[dict]): ``class_name`` makes an episode.

        Returns:
            Tensor: (N, K [+1], H, W), K the size of the vocabulary, or 1.
        """
        return self._all_logits(inputs, batch_img_metas, [FULL_WINDOW])

    def slide_inference(self, inputs: Tensor, batch_img_metas: list[dict]) -> Tensor:
        """Return the same from overlapping windows, each encoded once."""
        windows = windows_of(self.test_cfg, inputs.shape[2:])
        return self._all_logits(inputs, batch_img_metas, windows)

    def _running_labels(
        self, inputs: Tensor, samples: SampleList, metas: list[dict]
    ) -> list[Tensor]:
        """Return labels (1, H, W) of a whole vocabulary, holding few maps at once."""
        parts = self._iter_logits(
            inputs, metas, windows_of(self.test_cfg, inputs.shape[2:])
        )
        return running_labels(parts, samples, self.with_background, self.align_corners)

    def predict(
        self, inputs: Tensor, data_samples: SampleList | None = None
    ) -> SampleList:
        """Segment as mmseg does; ``labels_only`` gives no ``seg_logits``.

        Args:
            inputs (Tensor): (N, 3, H, W).
            data_samples (list[SegDataSample], optional): Of the pictures.

        Returns:
            list[SegDataSample]: With ``pred_sem_seg`` (1, H, W).
        """
        samples = data_samples or blank_samples(inputs)
        metas = [sample.metainfo for sample in samples]
        presence = self.judge_presence(inputs, metas)
        if presence is not None:
            write_presence(presence, metas)
        # mmseg has a threshold for a channel that is alone.
        several = self.num_classes > 1 and not self._episode_names(metas)
        if several and self.test_cfg.get('labels_only'):
            labels = self._running_labels(inputs, samples, metas)
            for sample, own in zip(samples, labels):
                sample.pred_sem_seg = PixelData(data=own.to(inputs.device))
        else:
            seg_logits = self.inference(inputs, metas)
            samples = self.postprocess_result(seg_logits, data_samples)
        if presence is not None:
            tell_presence(presence, samples)
        return samples
