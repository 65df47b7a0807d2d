"""What all segmentors have in common that names prompt."""
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict
from mmseg.models.segmentors import EncoderDecoder
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from mmseg.utils import SampleList, add_prefix
from torch import Tensor

from .clip import load_clip


class NamedSegmentor(EncoderDecoder):
    """What a segmentor needs to be asked by names, whatever its model is.

    Subclasses have ``text_encoder``, whose ``names`` are the vocabulary, and
    ``with_background``.
    """

    @property
    def dataset_meta(self) -> dict:
        """Names and colours of what :meth:`predict` gives.

        mmseg's tools set it from the checkpoint. That is right only while the
        vocabulary is the checkpoint's, so any other is overruled.
        """
        names = ('background', ) * self.with_background \
            + self.text_encoder.names
        stored = self.__dict__.get('_dataset_meta') or {}
        if tuple(stored.get('classes', ())) == names:
            return dict(stored, classes=names)  # a list, in some files
        generator = torch.Generator().manual_seed(42)
        palette = torch.randint(
            0, 256, (len(names), 3), generator=generator).tolist()
        if self.with_background:
            palette[0] = [0, 0, 0]
        return dict(classes=names, palette=palette)

    @dataset_meta.setter
    def dataset_meta(self, value: dict) -> None:
        self.__dict__['_dataset_meta'] = value

    @staticmethod
    def _episode_names(metas: list[dict] | None) -> list[str] | None:
        """The class asked of each picture, or None for the vocabulary."""
        names = [meta.get('class_name') for meta in metas or []]
        if not any(names):
            return None
        if not all(names):
            raise ValueError('A batch mixes episodes and whole vocabularies: '
                             f'class_name is {names}.')
        return names

    def inference(self, inputs: Tensor, batch_img_metas: list[dict]) -> Tensor:
        """Logits (N, K [+1], H, W); K is 1 for episodes."""
        # mmseg's sliding window asks for the number of channels beforehand.
        episodes = self._episode_names(batch_img_metas) is not None
        self.out_channels = self.with_background + (
            1 if episodes else len(self.text_encoder.names))
        return super().inference(inputs, batch_img_metas)

    def _beside_background(self, seg_logits: Tensor) -> Tensor:
        """Logits (N, K, H, W) with the background's constant 0, if any."""
        return F.pad(seg_logits, (0, 0, 0, 0, int(self.with_background), 0))

    def _forward(self,
                 inputs: Tensor,
                 data_samples: SampleList | None = None) -> Tensor:
        """Logits (N, K [+1], H, W) without post-processing."""
        metas = [s.metainfo for s in data_samples] if data_samples else None
        return self.encode_decode(inputs, metas)


class PromptedSegmentor(NamedSegmentor):
    """A segmentor on CLIP that answers a class name with a mask.

    1. ``loss``: every sample asks for the one class in its metainfo, see
       :class:`mmseg_clsclip.MakeEpisode`::

        loss(): extract_feat() -> decode_head.loss()

    2. ``predict``: whole or sliding-window inference, as mmseg has them::

        predict(): inference() -> whole_inference/slide_inference()
        whole_inference()/slide_inference(): encode_decode()
        encode_decode(): encode() once, then answer() for each chunk of classes

    Subclasses say what is done once a picture (:meth:`encode`), what is done
    for a class (:meth:`answer`), and, if they are trained, what the head's
    loss is of (:meth:`extract_feat`).

    A picture whose metainfo has ``class_name`` is an episode: it is asked for
    that class alone and the answer is 0 or 1. Other pictures are asked for
    the whole vocabulary. With a background its logit is the constant 0 at
    index 0, and a class's that of its foreground, so that a class must be
    likelier than not to beat the background.

    Args:
        backbone (dict): :class:`ClsCLIPVisionTransformer` or a relative;
            its ``architecture`` and ``pretrained`` are those of both towers.
        text_encoder (dict): :class:`OpenCLIPTextEncoder`.
        decode_head (dict): A head of the subclass's kind.
        with_background (bool): Whether index 0 is the background. False for
            data sets in which every pixel has a class.
        data_preprocessor (dict, optional): mmseg's ``SegDataPreProcessor``.
        train_cfg (dict, optional): Unused; there for mmseg's tools.
        test_cfg (dict, optional): mmseg's ``mode``, ``crop_size`` and
            ``stride``, and ``class_batch_size``, how many classes go through
            the tower at once (default 8); the memory grows with it and not
            with the vocabulary.
        pretrained (None): Unused; there for mmseg's tools.
        init_cfg (dict, optional): As mmengine has it.
    """

    def __init__(self,
                 backbone: dict,
                 text_encoder: dict,
                 decode_head: dict,
                 with_background: bool = True,
                 data_preprocessor: dict | None = None,
                 train_cfg: dict | None = None,
                 test_cfg: dict | None = None,
                 pretrained: None = None,
                 init_cfg: dict | None = None):
        towers = {
            key: backbone[key]
            for key in ('architecture', 'pretrained') if key in backbone
        }
        clip = load_clip(**towers)
        super().__init__(
            backbone=dict(backbone, clip=clip),
            decode_head=decode_head,
            data_preprocessor=data_preprocessor,
            train_cfg=train_cfg,
            test_cfg=ConfigDict(test_cfg or dict(mode='whole')),
            init_cfg=init_cfg)
        self.text_encoder = MODELS.build(dict(text_encoder, clip=clip))
        self.with_background = with_background
        self.num_classes = self.out_channels = len(
            self.text_encoder.names) + with_background
        self.has_random_clip = clip.random
        # The CLIP that a checkpoint belongs to, as ASCII: a tensor, so that
        # it travels wherever weights do.
        self.register_buffer(
            'clip_name',
            torch.tensor(list(clip.name.encode('ascii')), dtype=torch.uint8))

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        """Refuse a checkpoint that was trained on another CLIP.

        Raises:
            ValueError: If the checkpoint names another CLIP.
        """
        ours = bytes(self.clip_name.tolist()).decode('ascii')
        theirs = state_dict.setdefault(prefix + 'clip_name', self.clip_name)
        theirs = bytes(theirs.tolist()).decode('ascii')
        if theirs != ours:
            raise ValueError(
                f'The checkpoint was trained on the CLIP {theirs}, the config '
                f'builds {ours}. Set architecture and pretrained of the '
                'backbone to the former (the part after @ is a fingerprint of '
                'the weights).')
        super()._load_from_state_dict(state_dict, prefix, *args)

    def encode(self, inputs: Tensor) -> Any:
        """What all classes share of a batch of pictures (N, 3, H, W)."""
        raise NotImplementedError

    def answer(self, shared: Any, text: Tensor,
               grid: tuple[int, int]) -> Tensor:
        """Foreground logits of some classes.

        Args:
            shared: What :meth:`encode` gave.
            text (Tensor): Text tokens (N, K, D).
            grid (tuple[int]): Rows h and columns w of patches.

        Returns:
            Tensor: (N, K, s * h, s * w), s whatever the model likes.
        """
        raise NotImplementedError

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict:
        """Losses of a batch, every sample asked for its own class.

        Args:
            inputs (Tensor): (N, 3, H, W).
            data_samples (list[SegDataSample]): With ``class_name`` and a mask
                of 0, 1 and the ignored 255.

        Returns:
            dict[str, Tensor]: As mmseg's heads give them.

        Raises:
            ValueError: If a sample does not say which class it asks for.
        """
        names = self._episode_names([s.metainfo for s in data_samples])
        if names is None:
            raise ValueError(
                'A training sample has no class_name. Wrap the data set in '
                'EpisodeDataset, end its pipeline with MakeEpisode and '
                "PackSegInputs, and list 'class_name' in the latter's "
                'meta_keys.')
        text = self.text_encoder(names, inputs.device)[:, None]
        feats = self.extract_feat(inputs, text)
        return add_prefix(
            self.decode_head.loss(feats, data_samples, self.train_cfg),
            'decode')

    def encode_decode(self, inputs: Tensor,
                      batch_img_metas: list[dict] | None) -> Tensor:
        """Logits of pictures at their own size.

        Args:
            inputs (Tensor): (N, 3, H, W).
            batch_img_metas (list[dict]): ``class_name`` makes an episode.

        Returns:
            Tensor: (N, K [+1], H, W), K the size of the vocabulary, or 1.
        """
        number, _, height, width = inputs.shape
        names = self._episode_names(batch_img_metas)
        if names is None:
            text = self.text_encoder(device=inputs.device)
            text = text.expand(number, -1, -1)
        else:
            text = self.text_encoder(names, inputs.device)[:, None]
        shared = self.encode(inputs)
        grid = self.backbone.grid_size(height, width)
        chunk = self.test_cfg.get('class_batch_size', 8)
        seg_logits = torch.cat([
            self.answer(shared, part, grid)
            for part in text.split(chunk, dim=1)
        ], 1)
        ph, pw = self.backbone.patch_size
        # The backbone padded to whole patches at the right and the bottom.
        seg_logits = resize(
            seg_logits,
            size=(grid[0] * ph, grid[1] * pw),
            mode='bilinear',
            align_corners=self.align_corners)[..., :height, :width]
        return self._beside_background(seg_logits)
