"""ClsCLIPHead: from navigated patch tokens to one class's mask."""

from collections.abc import Sequence
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from mmseg.utils import SampleList
from open_clip.transformer import QuickGELU
from torch import Tensor, nn

from ...datasets.masks import IGNORE
from ...utils.arguments import Count, Natural, Rule, Share
from ..clip.blocks import layer_norm, run_layer
from ..losses.binary_focal_loss import adapt_losses
from ..losses.single_logit_trial import check_losses

Widths = Annotated[
    Sequence[Count], Rule('a list of at least one width, each from 1 up', len)
]
IgnoredLabel = Annotated[
    int,
    Rule(
        'a whole number other than 0 and 1, the labels of background and foreground',
        lambda label: label not in (0, 1),
    ),
]
# Arguments of mmseg's head that follow from the one logit.
OWN_ARGUMENTS = 'channels', 'num_classes', 'out_channels', 'threshold'


@MODELS.register_module()
class ClsCLIPHead(BaseDecodeHead):
    """Transformer layers, then a small convolutional head.

    The paper's decoder: the last block's patch tokens through two transformer
    layers, a small convolutional head and bilinear upsampling, to a binary
    map. Its output is the logit of the foreground; the background's is the
    constant 0, so that 0.5 is the threshold and mmseg's argmax needs no
    special case. That is two logits under a softmax, of which only the
    difference counts; but two move apart twice as fast under SGD. A ``conv_seg``
    of twice the learning rate and half the weight decay moves as they do.

    ESDA's decoder is ``activation='quick_gelu'``, ``final_norm=False``,
    ``conv_bias=False`` and ``dropout_ratio=0.1``.

    Args:
        in_channels (int): Channels C of the backbone. A segmentor on CLIP fills
            this one and the next in with its tower's, if a config does not.
        num_heads (int): Attention heads of a transformer layer.
        num_layers (int): Transformer layers. Defaults to 2, the paper's K.
        conv_channels (Sequence[int]): Output channels of the 3 x 3
            convolutions. Defaults to (256, 128, 64), as in ESDA.
        activation (str): Of the transformer layers, ``'gelu'`` or CLIP's
            ``'quick_gelu'``.
        final_norm (bool): Normalise the tokens after the last layer.
        conv_bias (bool): The 3 x 3 convolutions have a bias.
        dropout_ratio (float): Channels that are dropped before the last
            convolution, in training.
        upsample (int): After each of the first convolutions the map is doubled
            bilinearly until it is so many times as large as the token grid;
            a power of two. Defaults to 1, the paper's.
        loss_decode (dict | Sequence[dict], optional): Losses on one logit.
            Defaults to binary cross-entropy, the mean over pixels that are
            not ignored. ``class_weight`` is the foreground's, ``[w]``.
        loss_vocabulary (dict, optional): A loss on the background and all names
            that a picture is asked for together, such as ``CrossEntropyLoss``
            with a ``loss_name`` of its own; see ``names_per_picture`` of
            :class:`mmseg_clsclip.MakeEpisode`. Defaults to none, the paper's.
        ignore_index (int): Label of pixels that do not count, beside 255; 0 and
            1 do.
        align_corners (bool): As mmseg has it.
        in_index (int): Which of the backbone's maps is read.
        kwargs: Of mmseg's ``BaseDecodeHead``, without what the head sets itself.

    Raises:
        ValueError: If ``upsample`` is no power of two up to
            ``2 ** len(conv_channels)``, ``num_heads`` does not divide
            ``in_channels``, a loss or a sampler is not for a single logit,
            ``loss_vocabulary`` has the name of another loss, or an argument is
            the head's own.
    """

    TRAINED_SETTINGS = 'num_heads', 'activation', 'upsample'

    def __init__(
        self,
        in_channels: Count,
        num_heads: Count,
        num_layers: Natural = 2,
        conv_channels: Widths = (256, 128, 64),
        activation: Literal['gelu', 'quick_gelu'] = 'gelu',
        final_norm: bool = True,
        conv_bias: bool = True,
        dropout_ratio: Share = 0.0,
        upsample: int = 1,
        loss_decode: dict | Sequence[dict] | None = None,
        loss_vocabulary: dict | None = None,
        ignore_index: IgnoredLabel = 255,
        align_corners: bool = False,
        in_index: int = -1,
        **kwargs,
    ):
        for key in OWN_ARGUMENTS:
            if key in kwargs:
                raise ValueError(
                    f'{type(self).__name__} sets {key} itself: leave it out.'
                )
        super().__init__(
            in_channels,
            conv_channels[-1],
            num_classes=2,
            out_channels=1,
            threshold=0.5,
            dropout_ratio=dropout_ratio,
            loss_decode=adapt_losses(loss_decode)
            if loss_decode
            else dict(type='CrossEntropyLoss', use_sigmoid=True, avg_non_ignore=True),
            ignore_index=ignore_index,
            align_corners=align_corners,
            in_index=in_index,
            **kwargs,
        )
        check_losses(self)
        if upsample not in [2**i for i in range(len(conv_channels) + 1)]:
            raise ValueError(
                f'upsample={upsample}: with {len(conv_channels)} convolutions '
                f'it is a power of two up to {2 ** len(conv_channels)}.'
            )
        if in_channels % num_heads:
            raise ValueError(
                f'num_heads={num_heads}: write a divisor of in_channels={in_channels}.'
            )
        self.num_heads = num_heads
        self.activation = activation  # its name
        self.upsample = upsample
        self.loss_vocabulary = (
            None
            if loss_vocabulary is None
            else self._build_vocabulary_loss(loss_vocabulary)
        )
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                in_channels,
                num_heads,
                4 * in_channels,
                dropout=0.0,
                activation=QuickGELU() if activation == 'quick_gelu' else activation,
                batch_first=True,
                norm_first=True,
            )
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(in_channels) if final_norm else nn.Identity()
        widths = (in_channels, *conv_channels)
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1, bias=conv_bias)
            for a, b in zip(widths, widths[1:])
        )

    def _build_vocabulary_loss(self, loss: dict) -> nn.Module:
        """Build the loss of all names together, of a name that is summed and its own.

        Raises:
            ValueError: If the config gives it another.
        """
        loss = {'loss_name': 'loss_vocabulary', **loss}
        terms = self.loss_decode
        terms = terms if isinstance(terms, nn.ModuleList) else [terms]
        name = loss['loss_name']
        if 'loss' not in name or name in {term.loss_name for term in terms}:
            raise ValueError(
                f"loss_vocabulary: loss_name={name!r}: mmengine sums what has 'loss' "
                'in its name, and loss_decode has names of its own: leave it out.'
            )
        return MODELS.build(loss)

    def forward(self, inputs: list[Tensor]) -> Tensor:
        """Return the foreground logits of feature maps.

        Args:
            inputs (list[Tensor]): The backbone's maps, the last of which,
                (M, C, h, w), is read.

        Returns:
            Tensor: (M, 1, upsample * h, upsample * w).
        """
        return self.cls_seg(self.decode(self._transform_inputs(inputs)))

    def decode(self, x: Tensor) -> Tensor:
        """Run everything but the last convolution.

        Args:
            x (Tensor): Patch tokens (M, C, h, w).

        Returns:
            Tensor: (M, conv_channels[-1], upsample * h, upsample * w).
        """
        return self.decode_tokens(x.flatten(2).transpose(1, 2), x.shape[2:])

    def decode_tokens(self, x: Tensor, grid: tuple[int, int]) -> Tensor:
        """Run everything but the last convolution on a sequence of tokens.

        Args:
            x (Tensor): Tokens (M, L, C): the patches, and whatever else the
                transformer layers shall read, which ends with them.
            grid (tuple[int]): h and w.

        Returns:
            Tensor: (M, conv_channels[-1], upsample * h, upsample * w).
        """
        for layer in self.layers:
            x = run_layer(layer, x)
        x = x[:, : grid[0] * grid[1]]  # (M, h * w, C)
        x = layer_norm(self.norm, x).transpose(1, 2).unflatten(2, grid)  # (M, C, h, w)
        scale = 1
        for conv in self.convs:
            x = F.relu(conv(x))
            if scale < self.upsample:
                scale *= 2
                x = F.interpolate(x, scale_factor=2, mode='bilinear')
        return x

    def loss_by_feat(self, seg_logits: Tensor, batch_data_samples: SampleList) -> dict:
        """Return loss and accuracy of logits, which are resized to the masks.

        Args:
            seg_logits (Tensor): (N, K, s * h, s * w), of K names each.
            batch_data_samples (list[SegDataSample]): With masks (1, H, W): i + 1
                where the i-th name is, 0 where none is, and the ignored 255.

        Returns:
            dict[str, Tensor]: The losses of every name by itself, that of
            all together if there is one, and ``acc_seg``, the share of valid
            pixels on the right side of the threshold, in per cent. (mmseg's
            own takes an argmax, always 0 for a single logit, and a while.)
        """
        labels = self._stack_batch_gt(batch_data_samples)  # (N, 1, H, W)
        labels = labels.where(labels != IGNORE, self.ignore_index)  # of transforms
        numbers = 1 + torch.arange(seg_logits.shape[1], device=labels.device)
        masks = (labels == numbers[:, None, None]).long()  # (N, K, H, W)
        masks = masks.where(labels != self.ignore_index, self.ignore_index)
        masks, each = masks.flatten(0, 1), seg_logits.flatten(0, 1)[:, None]
        each = resize(
            each,
            size=masks.shape[1:],
            mode='bilinear',
            align_corners=self.align_corners,
        )
        weight = self.sampler and self.sampler.sample(each, masks[:, None])
        terms = self.loss_decode
        loss: dict[str, Tensor] = {}
        for term in terms if isinstance(terms, nn.ModuleList) else [terms]:
            value = term(each, masks, weight=weight, ignore_index=self.ignore_index)
            loss[term.loss_name] = loss.get(term.loss_name, 0) + value
        valid = masks != self.ignore_index
        right = ((each.squeeze(1) > 0) == (masks == 1)) & valid
        loss['acc_seg'] = 100 * right.sum() / valid.sum().clamp(min=1)
        if self.loss_vocabulary is not None:
            # The background's logit is 0, as in inference.
            together = each.unflatten(0, seg_logits.shape[:2]).squeeze(2)
            together = F.pad(together, (0, 0, 0, 0, 1, 0))  # (N, 1 + K, H, W)
            loss[self.loss_vocabulary.loss_name] = self.loss_vocabulary(
                together, labels.squeeze(1), ignore_index=self.ignore_index
            )
        return loss
