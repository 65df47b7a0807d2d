"""ClsCLIPVisionTransformer: CLIP's visual tower, navigated by the text.

After "[CLS] Token is All You Need for Zero-Shot Semantic
Segmentation", arXiv 2304.06212.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmseg.registry import MODELS
from open_clip.transformer import VisionTransformer
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ..clip.architecture import not_navigable
from ..clip.blocks import run_block
from ..clip.frozen import Frozen
from ..clip.loading import LoadedCLIP, load_clip
from ..clip.positions import resize_positions


@MODELS.register_module()
class ClsCLIPVisionTransformer(BaseModule):
    """A frozen ViT of open_clip whose [CLS] a class's text token replaces.

    Before every block in ``navigate_blocks`` the [CLS] token is replaced by
    ``L_i(T_cls)``, a learned linear map of the text tower's token; after the
    last of them it is what the blocks make of it. The blocks before the first
    navigated one see no text: they run once a picture, whatever the number of
    classes. The call flow for one picture and K classes::

        encode_prefix(): blocks 0 .. N1-1          (N, 1+L, C)
        navigate():      blocks N1 .. end, K times (N*K, C, h, w)

    Any input size does: it is padded with zeros (the mean) at the right and
    bottom to whole patches, and the positions are interpolated as open_clip
    does it (bicubic, antialiased).

    Args:
        architecture (str): See :func:`mmseg_clsclip.load_clip`. Defaults to
            ``'ViT-B-16-quickgelu'``, the model of OpenAI's ViT-B/16 weights.
        pretrained (str, optional): See :func:`mmseg_clsclip.load_clip`.
        navigate_blocks (Sequence[int]): 0-based blocks before which the [CLS]
            is replaced; empty for none. Defaults to (2, 3, 4), the paper's
            best for 12 blocks.
        shared_projection (bool): One linear map for all navigated blocks, as
            in ESDA, instead of one each, as in the paper.
        with_cp (bool): Gradient checkpointing: keep of each navigated block
            its input alone and run it again on the way back; less memory,
            more time.
        clip (LoadedCLIP, optional): An already loaded CLIP in place of the
            first two arguments; so both towers come from one.
        init_cfg (dict, optional): Of the projections, as mmengine has it.

    Raises:
        ValueError: If a block does not exist or the tower is not a ViT.
    """

    def __init__(
        self,
        architecture: str = 'ViT-B-16-quickgelu',
        pretrained: str | None = None,
        navigate_blocks: Sequence[int] = (2, 3, 4),
        shared_projection: bool = False,
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
        self.patch_size = visual.patch_size
        self.out_channels = visual.transformer.width
        self.text_dim = visual.output_dim

        self.navigate_blocks = tuple(sorted(set(navigate_blocks)))
        self.depth = depth = len(visual.transformer.resblocks)
        wrong = [i for i in self.navigate_blocks if i not in range(depth)]
        if wrong:
            raise ValueError(
                f'navigate_blocks={tuple(navigate_blocks)}: {clip.name!r} has '
                f'{depth} blocks, 0 to {depth - 1}, so there is no block '
                f'{wrong[0]}.'
            )
        maps = 1 if shared_projection else len(self.navigate_blocks)
        self.projections = nn.ModuleList(
            nn.Linear(self.text_dim, self.out_channels)
            for _ in range(min(maps, len(self.navigate_blocks)))
        )

    @property
    def first_navigated(self) -> int:
        """Index N1 of the first block that sees the text."""
        return self.navigate_blocks[0] if self.navigate_blocks else self.depth

    def grid_size(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of patches of an input of this size in pixels."""
        ph, pw = self.patch_size
        return (height + ph - 1) // ph, (width + pw - 1) // pw

    def padded_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of an input once it is padded, in pixels."""
        h, w = self.grid_size(height, width)
        ph, pw = self.patch_size
        return h * ph, w * pw

    def _position_embedding(self, grid: tuple[int, int]) -> Tensor:
        """Positions (1 + h * w, C) of a grid."""
        visual = self.visual.module
        learned = visual.positional_embedding
        # While a model is exported the grid may be no numbers yet.
        if not torch.compiler.is_compiling() and grid == visual.grid_size:
            return learned
        patches = learned[1:].unflatten(0, visual.grid_size)
        patches = resize_positions(patches, grid).to(learned.dtype)
        return torch.cat([learned[:1], patches.flatten(0, 1)])

    def run_block(self, i: int, x: Tensor) -> Tensor:
        """Block i of the tower, on tokens (M, 1 + h * w, C)."""
        block = self.visual.module.transformer.resblocks[i]
        if self.with_cp and x.requires_grad:
            return checkpoint(run_block, block, x, use_reentrant=False)
        return run_block(block, x)

    def let_in(self, i: int, x: Tensor, text: Tensor) -> Tensor:
        """Let the text in before block i: the [CLS] becomes L_i(T_cls).

        Args:
            i (int): A navigated block.
            x (Tensor): Tokens (M, 1 + h * w, C), the [CLS] first.
            text (Tensor): Text tokens (M, D).

        Returns:
            Tensor: (M, 1 + h * w, C).
        """
        cls = self.project(i, text)[:, None].to(x.dtype)
        return torch.cat([cls, x[:, 1:]], dim=1)

    def project(self, i: int, text: Tensor) -> Tensor:
        """L_i(T_cls) of text tokens (M, D): (M, C)."""
        number = self.navigate_blocks.index(i)
        return self.projections[number % len(self.projections)](text)

    def first_tokens(self, inputs: Tensor) -> Tensor:
        """Tokens before block 0, the [CLS] first.

        Args:
            inputs (Tensor): Normalised pictures (N, 3, H, W).

        Returns:
            Tensor: (N, 1 + h * w, C).
        """
        visual = self.visual.module
        height, width = inputs.shape[-2:]
        bottom, right = self.padded_size(height, width)
        inputs = F.pad(inputs, (0, right - width, 0, bottom - height))
        x = visual.conv1(inputs).flatten(2).transpose(1, 2)
        cls = visual.class_embedding.to(x.dtype).expand(x.shape[0], 1, -1)
        x = torch.cat([cls, x], dim=1)
        positions = self._position_embedding(self.grid_size(height, width))
        return visual.ln_pre(x + positions.to(x.dtype))

    def encode_prefix(self, inputs: Tensor) -> Tensor:
        """Run what does not depend on the text; once a picture.

        Args:
            inputs (Tensor): Normalised pictures (N, 3, H, W).

        Returns:
            Tensor: Tokens (N, 1 + h * w, C) before the first navigated block,
            the [CLS] first, or the last ones if no block is navigated.
        """
        x = self.first_tokens(inputs)
        for i in range(self.first_navigated):
            x = self.run_block(i, x)
        return x

    def navigate(
        self, prefix: Tensor, text: Tensor | None, grid: tuple[int, int]
    ) -> Tensor:
        """Run the rest, once for every picture and class.

        Args:
            prefix (Tensor): Tokens (N, 1 + h * w, C) of
                :meth:`encode_prefix`.
            text (Tensor, optional): Text tokens T_cls (N, K, D), float. None
                leaves the visual [CLS] everywhere: open_clip's own tower.
            grid (tuple[int]): h and w.

        Returns:
            Tensor: Patch tokens of the last block (N * K, C, h, w), the
            classes of the first picture first, or (N, C, h, w).
        """
        x = self._run_rest(prefix, text)
        return x[:, 1:].transpose(1, 2).unflatten(2, grid)

    def _run_rest(self, x: Tensor, text: Tensor | None = None) -> Tensor:
        """Last tokens (N * K, 1 + h * w, C), see :meth:`navigate`."""
        if text is not None:
            x = x[:, None].expand(-1, text.shape[1], -1, -1).flatten(0, 1)
            text = text.flatten(0, 1)
        for i in range(self.first_navigated, self.depth):
            if text is not None and i in self.navigate_blocks:
                x = self.let_in(i, x, text)
            x = self.run_block(i, x)
        return x

    def embed(self, prefix: Tensor) -> Tensor:
        """CLIP's own embeddings (N, D) of pictures, from their prefix.

        Raises:
            ValueError: If the tower does not take them from its [CLS].
        """
        visual = self.visual.module
        if visual.attn_pool is not None or visual.pool_type != 'tok':
            raise ValueError(
                f'{self.clip_name!r} pools its patches: its '
                '[CLS] is no embedding of the picture.'
            )
        return visual.ln_post(self._run_rest(prefix)[:, 0]) @ visual.proj

    def forward(self, inputs: Tensor, text: Tensor | None = None) -> tuple[Tensor]:
        """Features of pictures, navigated if there is a text.

        Args:
            inputs (Tensor): Normalised pictures (N, 3, H, W).
            text (Tensor, optional): See :meth:`navigate`.

        Returns:
            tuple[Tensor]: One map (N * K, C, h, w), or (N, C, h, w).
        """
        grid = self.grid_size(*inputs.shape[-2:])
        return (self.navigate(self.encode_prefix(inputs), text, grid),)
