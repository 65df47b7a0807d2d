"""ClsCLIPVisionTransformer: CLIP's visual tower, navigated by the text.

After "[CLS] Token is All You Need for Zero-Shot Semantic
Segmentation", arXiv 2304.06212.
"""

from collections.abc import Sequence

import torch
from mmseg.registry import MODELS
from torch import Tensor, nn

from ...utils.arguments import Count
from .clip_vit import CLIPVisionTransformer


@MODELS.register_module()
class ClsCLIPVisionTransformer(CLIPVisionTransformer):
    """A frozen ViT of open_clip whose [CLS] a class's text token replaces.

    Before every block in ``navigate_blocks`` the [CLS] token is replaced by
    ``L_i(T_cls)``, a learned linear map of the text tower's token; after the
    last of them it is what the blocks make of it. The blocks before the first
    navigated one see no text: they run once a picture, whatever the number of
    classes. The call flow for one picture and K classes::

        encode_prefix(): blocks 0 .. N1-1          (N, 1+L, C)
        navigate():      blocks N1 .. end, K times (N*K, C, h, w)

    With ``num_tokens`` n > 1 the map gives n text tokens. The first replaces
    the [CLS], the others stand behind the patches, out of the way of what
    reads ``x[:, 1:]``, and have no position but their map's bias. The next
    navigated block has its own in their place, blocks between change them as
    all tokens, and after the last navigated block they are dropped.

    Args:
        architecture (str): See :func:`mmseg_clsclip.load_clip`.
        pretrained (str, optional): See :func:`mmseg_clsclip.load_clip`.
        navigate_blocks (Sequence[int]): 0-based blocks before which the [CLS]
            is replaced; empty for none. Defaults to (2, 3, 4), the paper's
            best for 12 blocks.
        shared_projection (bool): One linear map for all navigated blocks, as
            in ESDA, instead of one each, as in the paper.
        num_tokens (int): Text tokens a navigated block. Defaults to 1, as in
            the paper.
        kwargs: Of :class:`CLIPVisionTransformer`.

    Raises:
        ValueError: If a block does not exist or the tower is not a ViT.
    """

    TRAINED_SETTINGS = ('navigate_blocks',)

    def __init__(
        self,
        architecture: str = 'ViT-B-16-quickgelu',
        pretrained: str | None = None,
        navigate_blocks: Sequence[int] = (2, 3, 4),
        shared_projection: bool = False,
        num_tokens: Count = 1,
        **kwargs,
    ):
        super().__init__(architecture, pretrained, **kwargs)
        self.num_tokens = num_tokens
        self.navigate_blocks = tuple(sorted(set(navigate_blocks)))
        missing = [i for i in self.navigate_blocks if i not in range(self.depth)]
        if missing:
            raise ValueError(
                f'navigate_blocks={tuple(navigate_blocks)}: {self.clip_name!r} has '
                f'{self.depth} blocks, 0 to {self.depth - 1}, so there is no block '
                f'{missing[0]}.'
            )
        maps = 1 if shared_projection else len(self.navigate_blocks)
        self.projections = nn.ModuleList(
            nn.Linear(self.text_dim, num_tokens * self.out_channels)
            for _ in range(min(maps, len(self.navigate_blocks)))
        )

    @property
    def first_navigated(self) -> int:
        """Index N1 of the first block that sees the text."""
        return self.navigate_blocks[0] if self.navigate_blocks else self.depth

    def project(self, i: int, text: Tensor) -> Tensor:
        """Map text tokens (M, D) by block i's L_i to (M, n * C)."""
        return self.projections[self.map_index(i)](text)

    def map_index(self, i: int) -> int:
        """Return which of the learned maps is that of navigated block i."""
        return self.navigate_blocks.index(i) % len(self.projections)

    def inject_text(self, i: int, x: Tensor, text: Tensor) -> Tensor:
        """Let the text in before block i: the [CLS] becomes L_i(T_cls).

        Args:
            i (int): A navigated block.
            x (Tensor): Tokens (M, 1 + h * w, C), the [CLS] first, and, unless
                block i is the first navigated one, n - 1 more of the text.
            text (Tensor): Text tokens (M, D).

        Returns:
            Tensor: (M, 1 + h * w + n - 1, C), the text's at 0 and behind the
            patches.
        """
        tokens = self.project(i, text).unflatten(1, (self.num_tokens, -1)).to(x.dtype)
        if i > self.first_navigated:
            x = x[:, : x.shape[1] - (self.num_tokens - 1)]
        return torch.cat([tokens[:, :1], x[:, 1:], tokens[:, 1:]], dim=1)

    def encode_prefix(self, inputs: Tensor) -> Tensor:
        """Run what does not depend on the text, once a picture.

        Args:
            inputs (Tensor): Normalised pictures (N, 3, H, W).

        Returns:
            Tensor: Tokens (N, 1 + h * w, C) before the first navigated block,
            the [CLS] first, or the last ones if no block is navigated.
        """
        return self.run_blocks(self.first_tokens(inputs), self.first_navigated)

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
        x = prefix
        if text is not None:
            x = x[:, None].expand(-1, text.shape[1], -1, -1).flatten(0, 1)
            text = text.flatten(0, 1)  # (N * K, D)
        for i in range(self.first_navigated, self.depth):
            if text is not None and i in self.navigate_blocks:
                x = self.inject_text(i, x, text)
            x = self.run_block(i, x)
            if i == self.navigate_blocks[-1]:
                x = x[:, : prefix.shape[1]]
        return self.patch_map(x, grid)

    def forward(self, inputs: Tensor, text: Tensor | None = None) -> tuple[Tensor]:
        """Return features of pictures, navigated if there is a text.

        Args:
            inputs (Tensor): Normalised pictures (N, 3, H, W).
            text (Tensor, optional): See :meth:`navigate`.

        Returns:
            tuple[Tensor]: One map (N * K, C, h, w), or (N, C, h, w).
        """
        grid = self.grid_size(*inputs.shape[-2:])
        return (self.navigate(self.encode_prefix(inputs), text, grid),)
