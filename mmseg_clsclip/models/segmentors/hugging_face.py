"""HuggingFaceSegmentor: text-prompted models of Hugging Face's, in mmseg."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from mmseg.utils import SampleList
from torch import Tensor, nn

from ..clip.frozen import Frozen
from ..inference.test_cfg import WindowsCfg, check_test_cfg
from ..text_encoders.hugging_face_text_encoder import HuggingFaceTextEncoder
from .hugging_face_models import Tensors, load_folder
from .text_prompted import TextPromptedSegmentor, build


@MODELS.register_module(name=['HuggingFaceSegmentor', 'TransformersSegmentor'])
class HuggingFaceSegmentor(TextPromptedSegmentor):
    """CLIPSeg or SAM 3, by transformers, as a segmentor of mmseg's to test.

    What it is asked for and what it gives is as in
    :class:`CLIPSegmentor`. It is frozen, and in no checkpoint.

    Each input, or each window of it, is resized to the model's own size, as
    its preprocessor does it; the pipeline needs no ``Resize``. A class's
    logit is the largest of its synonyms'. CLIPSeg's (arXiv 2112.10003) is
    taken as it is. Of SAM 3 (arXiv 2511.16719) a pixel's is the largest of
    all instances', and an instance's the smaller of its mask's logit there
    and of its score's; the score is multiplied by that of the presence. So
    the foreground is where the model's own post-processing, with both its
    thresholds at 0.5, finds an instance.

    Args:
        folder (str): A local folder with the model's config.json, its weights
            as safetensors, its tokenizer and its preprocessor. Nothing is
            downloaded.
        vocabulary (str | Sequence): See :func:`read_vocabulary`.
        random_weights (bool): Draw the weights instead of reading them, for
            what the model costs. Then no folder is needed where its name ends
            with ``clipseg-rd64-refined`` or ``sam3``.
        with_background (bool): Whether index 0 is the background.
        data_preprocessor (dict, optional): Defaults to mmseg's
            ``SegDataPreProcessor`` with the model's own mean and deviation.
        test_cfg (dict, optional): mmseg's ``mode``, ``crop_size`` and
            ``stride``, and ``class_batch_size``, how many pairs of a picture
            and a text are decoded at once (default 8).
        pretrained (None): Unused; there for mmseg's tools.
        train_cfg (dict, optional): Unused; there for mmseg's tools.

    Raises:
        ImportError, FileNotFoundError, ValueError: See :func:`load_folder`.
    """

    # What mmseg's post-processing asks of a head, for a channel that is alone.
    threshold = 0.5

    def __init__(
        self,
        folder: str,
        vocabulary: str | Sequence[str | Sequence[str]],
        random_weights: bool = False,
        with_background: bool = True,
        data_preprocessor: dict | nn.Module | None = None,
        test_cfg: dict | None = None,
        pretrained: None = None,
        train_cfg: dict | None = None,
    ):
        test_cfg = ConfigDict({'mode': 'whole', **(test_cfg or {})})
        check_test_cfg(type(self).__name__, test_cfg, WindowsCfg)
        loaded = load_folder(folder, random_weights)
        super().__init__(
            backbone=dict(type=Frozen, module=loaded.model),
            decode_head=None,
            data_preprocessor=build(
                data_preprocessor
                or dict(
                    type='SegDataPreProcessor',
                    mean=loaded.mean,
                    std=loaded.std,
                    bgr_to_rgb=True,
                )
            ),
            train_cfg=train_cfg,
            test_cfg=test_cfg,
        )
        self.family, self.input_size = loaded.family, loaded.size
        self.text_encoder = HuggingFaceTextEncoder(
            vocabulary, loaded.model, loaded.tokenizer, loaded.family.encode_texts
        )
        self.with_background = with_background
        self.has_random_weights = random_weights

    def _init_decode_head(self, decode_head: None) -> None:
        """Build none: the decoder is a part of the model."""
        self.align_corners = False

    @property
    def decode_head(self) -> 'HuggingFaceSegmentor':
        """Itself, which has what mmseg and its tools read from a head."""
        return self

    def encode_decode(
        self, inputs: Tensor, batch_img_metas: list[dict] | None
    ) -> Tensor:
        """Return the logits of pictures at their own size.

        Args:
            inputs (Tensor): (N, 3, H, W).
            batch_img_metas (list[dict]): ``class_name`` makes an episode.

        Returns:
            Tensor: (N, K [+1], H, W), K the size of the vocabulary, or 1.
        """
        number, _, height, width = inputs.shape
        names = self._episode_names(batch_img_metas)
        rows = [(n,) for n in names] if names else [self.text_encoder.names] * number
        # A picture's index and a class's synonyms, then one synonym.
        groups = [
            (index, self.text_encoder.synonyms_of(name))
            for index, row in enumerate(rows)
            for name in row
        ]
        pairs = [(index, text) for index, synonyms in groups for text in synonyms]
        features = self.family.encode_images(
            self.backbone.module,
            F.interpolate(inputs, self.input_size, mode='bilinear', antialias=True),
        )
        step = self.test_cfg.get('class_batch_size') or 8
        logits = torch.cat(
            [
                self._decode_pairs(features, pairs[start : start + step], inputs.device)
                for start in range(0, len(pairs), step)
            ]
        ).float()  # (pairs, h, w)
        parts = logits.split([len(synonyms) for _, synonyms in groups])
        largest = torch.stack([part.amax(0) for part in parts])  # (N * K, h, w)
        seg_logits = resize(
            largest.unflatten(0, (number, -1)),
            size=(height, width),
            mode='bilinear',
            align_corners=self.align_corners,
        )
        return self._beside_background(seg_logits)

    def _decode_pairs(
        self, features: Tensors, pairs: list[tuple[int, str]], device: torch.device
    ) -> Tensor:
        """Return the logits (P, h, w) of P pairs of a picture and a text."""
        indices, texts = map(list, zip(*pairs))
        return self.family.decode(
            self.backbone.module,
            tuple(part[indices] for part in features),
            self.text_encoder(texts, device),
        )

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict:
        """Refuse to train.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError(
            'HuggingFaceSegmentor is tested as it is: tools/test.py CONFIG '
            'none. Train its model by transformers.'
        )
