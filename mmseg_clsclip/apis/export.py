"""Models as files that need neither mmseg nor this package: ONNX and .pt2."""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.export import Dim

from ..compat import converts_channels
from ..models.segmentors.clip_segmentor import CLIPSegmentor
from ..models.segmentors.query_dense_clip import QueryDenseCLIP
from ..models.text_encoders.open_clip_text_encoder import OpenCLIPTextEncoder
from ..models.text_encoders.text_tower import encode_text

SEGMENTOR, PROGRAM = 'segmentor.onnx', 'segmentor.pt2'
TEXT_ENCODER = 'text_encoder.onnx'
EMBEDDINGS, NAMES = 'text_embeddings.npy', 'names.json'
FILES = SEGMENTOR, PROGRAM, TEXT_ENCODER, EMBEDDINGS, NAMES


class PicturesToLogits(nn.Module):
    """A segmentor as a function of pictures and text embeddings.

    The pictures are as image libraries give them; the normalisation of the
    model's ``data_preprocessor`` is inside. All classes are asked at once.

    Args:
        model (CLIPSegmentor): In eval mode, in float32.

    Raises:
        ValueError: If the model is of another kind, or its ``test_cfg`` wants
            what no file can do.
    """

    def __init__(self, model: CLIPSegmentor):
        super().__init__()
        if not isinstance(model, CLIPSegmentor):
            raise ValueError(
                f'A {type(model).__name__} cannot be exported; ClsCLIP, '
                'LateFusionSegmentor and DenseCLIP can. Of a ZoomIn export the module '
                'inside: the config of that, with the same checkpoint.'
            )
        if isinstance(model, QueryDenseCLIP):
            raise ValueError(
                'The classes of a QueryDenseCLIP are made of its names at the size of '
                "each picture, after the model: export type='DenseCLIP', whose classes "
                'are the means of their names.'
            )
        for key in ('compile', 'keep_classes', 'dtype'):
            value = model.test_cfg.get(key)
            if value and value != 'float32':
                raise ValueError(
                    f'test_cfg.{key}={value!r} has no place in an exported '
                    'model, which answers all classes in float32. Set it to '
                    'None.'
                )
        if model.presence is not None:
            raise ValueError(
                'presence has no place in an exported model, which answers all '
                'classes it is given. Set it to None, and give the file the text of '
                'those classes alone that are in the picture.'
            )
        if not hasattr(model.data_preprocessor, 'mean'):
            raise ValueError(
                'The data_preprocessor has no mean and std, '
                "which go into the file; CLIP's are in "
                'configs/_base_/models/clsclip_vit-b16.py.'
            )
        if getattr(model.data_preprocessor, 'test_cfg', None):
            raise ValueError(
                'The data_preprocessor pads pictures by its test_cfg, and the file '
                'takes them as they are: set model.data_preprocessor.test_cfg=None.'
            )
        self.model = model

    def forward(self, picture: Tensor, text: Tensor) -> Tensor:
        """Return the logits of pictures at their own size.

        Args:
            picture (Tensor): (N, H, W, 3) uint8, RGB; H and W larger than a
                patch.
            text (Tensor): Text embeddings (K, D) float32, K > 0.

        Returns:
            Tensor: (N, K [+1], H, W) float32, the background first if there
            is one: what ``encode_decode`` gives for a vocabulary of these
            texts.

        Raises:
            ValueError: If there is no text.
        """
        if text.shape[0] == 0:
            raise ValueError('text has no row: ask for at least one class.')
        preprocessor = self.model.data_preprocessor
        inputs = picture.permute(0, 3, 1, 2)
        if not converts_channels(preprocessor):
            inputs = inputs.flip(1)  # trained on BGR, as mmseg reads files
        inputs = (inputs.float() - preprocessor.mean) / preprocessor.std
        shared = self.model.shared_features(inputs)
        text = text[None].expand(inputs.shape[0], -1, -1)
        logits = self.model.class_by_class.view_logits(
            self.model, shared, text, inputs.shape[2:]
        )
        return self.model._beside_background(logits)


class TokensToText(nn.Module):
    """A text encoder as a function of tokens.

    Args:
        encoder (OpenCLIPTextEncoder): With its tower.

    Raises:
        ValueError: If the tower is freed, or will be.
    """

    def __init__(self, encoder: OpenCLIPTextEncoder):
        super().__init__()
        if encoder.tower_goes:
            raise ValueError(
                'The text tower is freed and cannot be exported. Set free_tower=False.'
            )
        self.clip, self.normalize = encoder.clip, encoder.normalize

    def forward(self, tokens: Tensor) -> Tensor:
        """Return text embeddings (K, D) float32 of token ids (K, L) int64."""
        text = encode_text(self.clip.module, tokens)
        return nn.functional.normalize(text, dim=-1) if self.normalize else text


def _to_onnx(
    module: nn.Module, example: tuple, dynamic: dict, output: str
) -> torch.onnx.ONNXProgram:
    # Captured by torch.onnx, too: plain torch.export decides by the example
    # whether pictures may be of whole patches or may not.
    with torch.no_grad():
        program = torch.onnx.export(
            module,
            example,
            dynamo=True,
            dynamic_shapes=dynamic,
            input_names=list(dynamic),
            output_names=[output],
            verbose=False,
        )
    for value in program.model.graph.inputs:
        fixed = [n for n in dynamic[value.name] if value.shape.is_static(n)]
        if fixed:  # torch.onnx gives in without a word
            raise ValueError(
                f'Dimensions {fixed} of {value.name} would be '
                'fixed to those of the example. Something in '
                'this model computes with their numbers.'
            )
    return program


def export_segmentor(model: CLIPSegmentor, folder: Path) -> None:
    """Write ``segmentor.onnx`` and, for PyTorch, ``segmentor.pt2``.

    Both are :class:`PicturesToLogits` with any N, K, H and W.

    Args:
        model (CLIPSegmentor): It is put into eval mode.
        folder (Path): Exists.

    Raises:
        ValueError: If the model cannot be exported.
    """
    view = PicturesToLogits(model).eval()
    device = model.clip_name.device
    least = [side + 1 for side in model.backbone.patch_size]
    # Of no whole patches, and none of them 1 or alike: nothing special.
    height, width = (3 * side + n for n, side in enumerate(least))
    example = (
        torch.zeros(2, height, width, 3, dtype=torch.uint8, device=device),
        torch.ones(3, model.backbone.text_dim, device=device),
    )
    program = _to_onnx(
        view,
        example,
        dict(
            picture={
                0: Dim('N', min=1),
                1: Dim('H', min=least[0]),
                2: Dim('W', min=least[1]),
            },
            text={0: Dim('K', min=1)},
        ),
        'logits',
    )
    program.save(folder / SEGMENTOR)
    torch.export.save(program.exported_program, folder / PROGRAM)


def export_text(encoder: OpenCLIPTextEncoder, folder: Path) -> None:
    """Write ``text_encoder.onnx`` and the vocabulary, encoded.

    The former is :class:`TokensToText` with any K. The vocabulary is
    ``text_embeddings.npy``, (K, D) float32, the mean of synonyms and
    templates, and ``names.json``, a list of K names.

    Args:
        encoder (OpenCLIPTextEncoder): Of a model.
        folder (Path): Exists.

    Raises:
        ValueError: If the text tower was freed.
    """
    view = TokensToText(encoder).eval()
    tokens = encoder.tokenizer(['one', 'two', 'three'])
    tokens = tokens.to(encoder.clip.module.logit_scale.device)
    _to_onnx(view, (tokens,), dict(tokens={0: Dim('K', min=1)}), 'text').save(
        folder / TEXT_ENCODER
    )
    np.save(folder / EMBEDDINGS, encoder().numpy(force=True))
    (folder / NAMES).write_text(
        json.dumps(encoder.names, ensure_ascii=False), encoding='utf-8'
    )
