"""What a segmentor needs to be asked by names, whatever its model is."""

from collections.abc import Sequence

import torch.nn.functional as F
from mmengine.config import Config
from mmengine.structures import PixelData
from mmseg.models.segmentors import EncoderDecoder
from mmseg.registry import MODELS
from mmseg.utils import SampleList
from torch import Tensor, nn

from ...utils.checkpoint import check_weights, misfits
from ...utils.keys import KEEP_LOGIT
from ...utils.palette import distinct_colours
from ..inference.restoring import find_asked, restore_asked
from .normalization import NormalizationCheck
from .padding_check import check_padding


def asks_by_name(segmentor: nn.Module) -> bool:
    """Return whether a segmentor is asked by names.

    mmseg's SAN, say, has a ``text_encoder``, too, but no ``names`` in it.
    """
    return hasattr(getattr(segmentor, 'text_encoder', None), 'names')


def build(part: dict | nn.Module | None) -> nn.Module | None:
    """Return a part of a model, of its config.

    mmengine's base classes look for it in the default scope's registry, which
    is not mmseg's unless a Runner or ``init_default_scope`` has said so.
    """
    return MODELS.build(part) if isinstance(part, (dict, Config)) else part


class TextPromptedSegmentor(EncoderDecoder):
    """What a segmentor needs to be asked by names, whatever its model is.

    Subclasses have ``text_encoder``, whose ``names`` are the vocabulary and
    ``synonyms`` all names of each, and ``with_background``.

    Args:
        kwargs: Of mmseg's ``EncoderDecoder``.
    """

    # The vocabulary, if the last inference was of episodes.
    _episodes_of: dict | None = None
    is_trained = False  # once weights were loaded, or a training began
    background_names: Sequence[str] = ()  # that stand for it, beside those of classes
    loads_a_part = False  # while torch's load_state_dict was asked for it

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.presence = None  # all names are asked, and alike
        for check in (NormalizationCheck(), check_padding):
            self.data_preprocessor.register_forward_pre_hook(check)

    @property
    def num_classes(self) -> int:
        """Labels of the vocabulary, with the background if there is one."""
        return self.with_background + len(self.text_encoder.names)

    @property
    def maps_a_picture(self) -> int:
        """Maps of a picture's size that a prediction has at once, at most."""
        return self.num_classes

    @property
    def out_channels(self) -> int:
        """Channels of the logits; fewer after an inference of episodes.

        mmseg's sliding window and SegTTAModel ask for this number.
        """
        if self._episodes_of is self.text_encoder.synonyms:
            return self.with_background + 1
        return self.num_classes

    def _init_decode_head(self, decode_head: dict) -> None:
        # mmseg's own takes the numbers above from the head.
        self.decode_head = MODELS.build(decode_head)
        self.align_corners = self.decode_head.align_corners

    def load_state_dict(self, state_dict, strict: bool = True, **kwargs):
        """Load as torch does, which takes a part of a checkpoint if not strict.

        What wraps this model hands on no ``strict``: a part is for the bare one.
        """
        self.loads_a_part = not strict
        try:
            return super().load_state_dict(state_dict, strict, **kwargs)
        finally:
            self.loads_a_part = False

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        """Refuse a checkpoint that is not this model's, whoever loads it.

        mmengine would warn, and go on with what was drawn at random.

        Raises:
            ValueError: If anything is missing, unexpected, of another size or
                no finite floating-point number.
        """
        check_weights(self, state_dict, prefix)
        told = [] if self.loads_a_part else misfits(self, state_dict, prefix)
        if told:
            raise ValueError(
                f'The checkpoint does not fit the config: {"; ".join(told)}. '
                'Take the config that it was trained with. To begin a '
                "training with a part of it, name it in that part's "
                'init_cfg.'
            )
        super()._load_from_state_dict(state_dict, prefix, *args)
        self.is_trained = True

    @property
    def dataset_meta(self) -> dict:
        """Names and colours of what :meth:`predict` gives.

        mmseg's tools set it from the checkpoint. That is right only while the
        vocabulary is the checkpoint's, so any other is overruled.
        """
        names = ('background',) * self.with_background + self.text_encoder.names
        stored = self.__dict__.get('_dataset_meta') or {}
        if tuple(stored.get('classes', ())) == names:
            return dict(stored, classes=names)  # a list, in some files
        palette = distinct_colours(len(names), self.with_background)
        return dict(classes=names, palette=palette)

    @dataset_meta.setter
    def dataset_meta(self, value: dict) -> None:
        self.__dict__['_dataset_meta'] = value

    @staticmethod
    def _episode_names(metas: list[dict] | None) -> list[str] | None:
        """Return the class asked of each picture, or None for the vocabulary."""
        names = [meta.get('class_name') for meta in metas or []]
        if not any(names):
            return None
        if not all(names):
            raise ValueError(
                f'A batch mixes episodes and whole vocabularies: class_name is {names}.'
            )
        return names

    def _names_asked(self, metas: Sequence[dict]) -> list[tuple[str, ...]]:
        """Return the names that each training sample asks for, as many of each.

        Raises:
            ValueError: If one does not say them, or not as many as the others.
        """
        names = self._episode_names(metas)
        if names is None:
            raise ValueError(
                'A training sample has no class_name. Wrap the data set in '
                'EpisodeDataset, end its pipeline with MakeEpisode and '
                "PackSegInputs, and list 'class_name' in the latter's "
                'meta_keys.'
            )
        asked = [(own,) if isinstance(own, str) else tuple(own) for own in names]
        numbers = {len(own) for own in asked}
        if len(numbers) > 1:
            raise ValueError(
                f'The samples of a batch ask for {sorted(numbers)} names; each must '
                'ask for as many.'
            )
        return asked

    def inference(self, inputs: Tensor, batch_img_metas: list[dict]) -> Tensor:
        """Return logits (N, K [+1], H, W); K is 1 for episodes."""
        episodes = self._episode_names(batch_img_metas) is not None
        self._episodes_of = self.text_encoder.synonyms if episodes else None
        return super().inference(inputs, batch_img_metas)

    def _beside_background(self, seg_logits: Tensor) -> Tensor:
        """Return logits (N, K, H, W) with the background's constant 0, if any."""
        return F.pad(seg_logits, (0, 0, 0, 0, int(self.with_background), 0))

    def postprocess_result(
        self, seg_logits: Tensor, data_samples: SampleList | None = None
    ) -> SampleList:
        """Finish as mmseg does, where its argmax took a fifth of all time.

        To the bit, if all names were asked. Those that were not stay ``ABSENT_LOGIT``.

        Args:
            seg_logits (Tensor): (N, C, h, w).
            data_samples (list[SegDataSample], optional): Of the pictures.

        Returns:
            list[SegDataSample]: With ``pred_sem_seg`` (1, H, W) and ``seg_logits``
            (C, H, W), a probability if C is 1, unless the metainfo has ``KEEP_LOGIT``.
        """
        keep = [s.metainfo.get(KEEP_LOGIT) for s in data_samples or ()]
        if data_samples is None or (seg_logits.shape[1] == 1 and not all(keep)):
            return super().postprocess_result(seg_logits, data_samples)
        metas = [sample.metainfo for sample in data_samples]
        # Else nothing is looked for, and no device waited for.
        some = self.presence is not None and self._episode_names(metas) is None
        asked = find_asked(seg_logits) if some else [None] * len(metas)
        for logits, own, meta, sample in zip(seg_logits, asked, metas, data_samples):
            logits, labels = restore_asked(logits, own, meta, self.align_corners)
            sample.seg_logits = PixelData(data=logits)
            sample.pred_sem_seg = PixelData(data=labels)
        return data_samples

    def _forward(
        self, inputs: Tensor, data_samples: SampleList | None = None
    ) -> Tensor:
        """Return logits (N, K [+1], H, W) without post-processing."""
        metas = [s.metainfo for s in data_samples] if data_samples else None
        return self.encode_decode(inputs, metas)
