"""CLIPVisionTransformer: CLIP's frozen visual tower."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmseg.registry import MODELS
from open_clip.transformer import VisionTransformer
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from ...utils.weight_versions import weight_versions
from ..clip.architecture import not_navigable
from ..clip.blocks import run_block
from ..clip.frozen import Frozen
from ..clip.loading import LoadedCLIP, load_clip
from ..clip.positions import resize_positions


@MODELS.register_module()
class CLIPVisionTransformer(BaseModule):
    """A frozen ViT of open_clip, which sees no text.

    ::

        forward(): first_tokens() -> run_blocks() -> patch_map()

    Any input size will do: it is padded with zeros (the mean) at the right
    and bottom to whole patches, and the positions are interpolated as
    open_clip does it (bicubic, antialiased).

    Args:
        architecture (str): See :func:`mmseg_clsclip.load_clip`. Defaults to
            ``'ViT-B-16-quickgelu'``, the model of OpenAI's ViT-B/16 weights.
        pretrained (str, optional): See :func:`mmseg_clsclip.load_clip`.
        with_cp (bool): Gradient checkpointing: keep of each block that
            gradients flow through its input alone and run it again on the way
            back; less memory, more time.
        clip (LoadedCLIP, optional): An already loaded CLIP in place of the
            first two arguments, so that both towers come from one.
        init_cfg (dict, optional): As mmengine has it, for what a subclass
            learns.

    Raises:
        ValueError: If the tower is not a ViT.
    """

    def __init__(
        self,
        architecture: str = 'ViT-B-16-quickgelu',
        pretrained: str | None = None,
        with_cp: bool = False,
        clip: LoadedCLIP | None = None,
        init_cfg: dict | Sequence[dict] | None = None,
    ):
        super().__init__(init_cfg)
        clip = clip or load_clip(architecture, pretrained)
        visual = clip.model.visual
        if not isinstance(visual, VisionTransformer):
            raise not_navigable(clip.name, type(visual).__name__)
        self.clip_name = clip.name
        self.with_cp = with_cp
        self.visual = Frozen(visual)
        self._positions: tuple[tuple, Tensor] | None = None  # a cache
        self.patch_size = visual.patch_size
        self.depth = len(visual.transformer.resblocks)
        self.out_channels = visual.transformer.width
        self.num_heads = visual.transformer.resblocks[0].attn.num_heads
        self.text_dim = visual.output_dim

    def grid_size(self, height: int, width: int) -> tuple[int, int]:
        """Return rows and columns of patches of an input's size in pixels."""
        ph, pw = self.patch_size
        return (height + ph - 1) // ph, (width + pw - 1) // pw

    def padded_size(self, height: int, width: int) -> tuple[int, int]:
        """Return height and width of an input once it is padded, in pixels."""
        h, w = self.grid_size(height, width)
        ph, pw = self.patch_size
        return h * ph, w * pw

    def _position_embedding(self, grid: tuple[int, int]) -> Tensor:
        """Return the positions (1 + h * w, C) of a grid."""
        visual = self.visual.module
        learned = visual.positional_embedding
        # While a model is exported the grid may be no numbers yet.
        if torch.compiler.is_compiling():
            return self._resize_positions(grid)
        if grid == visual.grid_size:
            return learned
        # The last are kept: windows, regions and most batches have one size.
        key = grid, weight_versions([learned]), torch.is_inference_mode_enabled()
        if self._positions is None or self._positions[0] != key:
            self._positions = key, self._resize_positions(grid)
        return self._positions[1]

    def _resize_positions(self, grid: tuple[int, int]) -> Tensor:
        visual = self.visual.module
        learned = visual.positional_embedding
        patches = learned[1:].unflatten(0, visual.grid_size)
        patches = resize_positions(patches, grid).to(learned.dtype)
        return torch.cat([learned[:1], patches.flatten(0, 1)])

    def first_tokens(self, inputs: Tensor) -> Tensor:
        """Embed pictures as the tokens that block 0 reads.

        Args:
            inputs (Tensor): Normalised pictures (N, 3, H, W).

        Returns:
            Tensor: (N, 1 + h * w, C), the [CLS] first.
        """
        visual = self.visual.module
        height, width = inputs.shape[-2:]
        bottom, right = self.padded_size(height, width)
        inputs = F.pad(inputs, (0, right - width, 0, bottom - height))
        x = visual.conv1(inputs).flatten(2).transpose(1, 2)  # (N, h * w, C)
        cls = visual.class_embedding.to(x.dtype).expand(x.shape[0], 1, -1)
        x = torch.cat([cls, x], dim=1)
        positions = self._position_embedding(self.grid_size(height, width))
        return visual.ln_pre(x + positions.to(x.dtype))

    def block_input(self, i: int, x: Tensor) -> Tensor:
        """Return what block i of the tower reads of tokens (M, L, C), these first."""
        return x

    def run_block(self, i: int, x: Tensor) -> Tensor:
        """Run block i of the tower on tokens (M, L, C)."""
        block = self.visual.module.transformer.resblocks[i]
        if self.with_cp and x.requires_grad:
            return checkpoint(run_block, block, x, use_reentrant=False)
        return run_block(block, x)

    def run_blocks(self, x: Tensor, stop: int) -> Tensor:
        """Run blocks ``0 .. stop - 1`` on tokens (M, 1 + h * w, C)."""
        for i in range(stop):
            x = self.run_block(i, x)
        return x

    @staticmethod
    def patch_map(x: Tensor, grid: tuple[int, int]) -> Tensor:
        """Lay tokens (M, 1 + h * w, C) out as (M, C, h, w), without [CLS]."""
        return x[:, 1:].transpose(1, 2).unflatten(2, grid)

    def forward(self, inputs: Tensor) -> tuple[Tensor]:
        """Return features of pictures.

        Args:
            inputs (Tensor): Normalised pictures (N, 3, H, W).

        Returns:
            tuple[Tensor]: The last block's patches (N, C, h, w).
        """
        x = self.run_blocks(self.first_tokens(inputs), self.depth)
        return (self.patch_map(x, self.grid_size(*inputs.shape[-2:])),)
