"""Attention of the class token: the maps, their share inside a mask, a drawing."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch import Tensor, nn

from ..models.backbones.clsclip_vit import ClsCLIPVisionTransformer
from ..models.clip.blocks import split_heads
from ..utils.palette import distinct_colours
from .overlay import overlay_labels

# Names of the maps, in the order of :func:`navigation_maps`.
DIRECTIONS = ('the token looks', 'patches listen')
MASK_COLOURS = distinct_colours(2, background=True)  # outside, inside


def class_token_attention(block: nn.Module, x: Tensor) -> Tensor:
    """Return attention from and to the [CLS] in a block, mean of the heads.

    softmax(q k^T / sqrt(d)), with the block's own LayerNorm and projections.

    Args:
        block (nn.Module): A residual block of open_clip's ViT.
        x (Tensor): Tokens (M, 1 + L, C) that it reads, the [CLS] first; others
            of the text, and visual prompts, are among the L.

    Returns:
        Tensor: (2, M, 1 + L), the [CLS] itself first: how much of the
        [CLS]'s attention each token gets (sums to 1), and how much of each
        token's attention the [CLS] gets.

    Raises:
        ValueError: If the block's attention is not a plain one.
    """
    attn = block.attn
    if not isinstance(attn, nn.MultiheadAttention):
        raise ValueError(
            f'The attention of this CLIP is a {type(attn).__name__}, not a '
            "MultiheadAttention; use a ViT such as 'ViT-B-16-quickgelu'."
        )
    q, k, _ = split_heads(attn, block.ln_1(x))
    weights = (q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5).softmax(-1).mean(1)
    return torch.stack([weights[:, 0], weights[:, :, 0]])


@torch.no_grad()
def navigation_maps(
    backbone: ClsCLIPVisionTransformer, inputs: Tensor, text: Tensor | None = None
) -> Tensor:
    """Return attention between the class token and the patches, block by block.

    Before a navigated block the token has just been replaced by
    ``L_i(T_cls)``. Of several text tokens a block it is the one in the [CLS]'s
    place; what the others look at, and what listens to them, is not shown.

    Args:
        backbone (ClsCLIPVisionTransformer): The tower.
        inputs (Tensor): A normalised picture (1, 3, H, W).
        text (Tensor, optional): The class's text token (1, D). None leaves
            the visual [CLS] everywhere: CLIP's own tower.

    Returns:
        Tensor: (2, B, h, w) for B blocks. First how much of the token's
        attention each patch gets: where it looks. Then how much of each
        patch's attention the token gets: where it is listened to.
    """
    grid = backbone.grid_size(*inputs.shape[-2:])
    x, maps = backbone.first_tokens(inputs), []
    length = x.shape[1]
    for i, block in enumerate(backbone.visual.module.transformer.resblocks):
        if text is not None and i in backbone.navigate_blocks:
            x = backbone.inject_text(i, x, text)
        read = backbone.block_input(i, x)
        maps.append(class_token_attention(block, read)[:, 0, 1:length])
        x = backbone.run_block(i, x)
        if i in backbone.navigate_blocks[-1:]:
            x = x[:, :length]
    return torch.stack(maps, 1).unflatten(2, grid)


def on_patches(
    mask: Tensor,
    img_shape: tuple[int, int],
    grid: tuple[int, int],
    patch_size: tuple[int, int],
) -> Tensor:
    """Return the share of every patch that a mask covers.

    Args:
        mask (Tensor): (H, W), 1 inside; at the picture's own size.
        img_shape (tuple[int]): Height and width at which the picture went
            into the tower, without padding.
        grid (tuple[int]): Rows and columns of patches.
        patch_size (tuple[int]): Height and width in pixels.

    Returns:
        Tensor: (h, w), 0 to 1.
    """
    inside = F.interpolate((mask == 1).float()[None, None], size=img_shape, mode='area')
    bottom, right = (n * p - side for n, p, side in zip(grid, patch_size, img_shape))
    inside = F.pad(inside, (0, right, 0, bottom))
    return F.avg_pool2d(inside, patch_size)[0, 0]


def share_inside(maps: Tensor, inside: Tensor) -> Tensor:
    """Return the share of the attention over patches that falls into a mask.

    Args:
        maps (Tensor): Attention (..., h, w).
        inside (Tensor): Share of every patch that is inside (h, w). Its mean
            is what attention would give that is the same everywhere.

    Returns:
        Tensor: (...), 0 to 1.
    """
    return (maps * inside).sum((-2, -1)) / maps.sum((-2, -1))


def draw_navigation(
    picture: np.ndarray,
    class_name: str,
    maps: dict[str, np.ndarray],
    prediction: np.ndarray,
    reach: tuple[float, float] = (1, 1),
    truth: np.ndarray | None = None,
    shares: Sequence[Sequence[float]] | None = None,
    navigate_blocks: Sequence[int] = (),
) -> np.ndarray:
    """Draw attention between the class token and the patches.

    A column a block, a row a kind of map; left of them the picture and the
    truth, right of them the prediction. Every map has its own scale, from 0
    to its maximum.

    Args:
        picture (np.ndarray): (H, W, 3) uint8, RGB.
        class_name (str): The class asked for.
        maps (dict[str, np.ndarray]): Attention (B, h, w), see
            :func:`navigation_maps`, by the words beside the row; two rows or
            more.
        prediction (np.ndarray): Mask (H, W), 1 inside.
        reach (tuple[float, float]): Height and width of the maps, of the picture's.
        truth (np.ndarray, optional): The same; its outline is drawn on maps.
        shares (Sequence, optional): What to write below the maps: shares
            inside (rows, B), 0 to 1.
        navigate_blocks (Sequence[int]): Which titles are marked.

    Returns:
        np.ndarray: The drawing, (h, w, 3) uint8, RGB.
    """
    height, width = picture.shape[:2]
    columns = 2 + len(next(iter(maps.values())))
    # A page shows it some 8 inches wide: letters and maps are of that size.
    figure = Figure(
        figsize=(0.85 * columns, 0.5 + 1.08 * len(maps)), dpi=160, layout='constrained'
    )
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.03, wspace=0, hspace=0)
    canvas = FigureCanvasAgg(figure)
    grid = figure.subplots(len(maps), columns)
    for axes in grid.flat:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)

    def overlay(axes, mask, title):
        inside = (mask == 1).astype(int)
        axes.imshow(overlay_labels(picture, inside, MASK_COLOURS))
        axes.set_title(title, fontsize=10, parse_math=False)

    overlay(grid[0, 0], np.zeros((height, width)), 'picture')
    overlay(grid[0, -1], prediction, 'prediction')
    if truth is not None:
        overlay(grid[1, 0], truth, 'truth')
    for row, (words, blocks) in enumerate(maps.items()):
        grid[row, 1].set_ylabel(words, fontsize=9)
        for block, (axes, attention) in enumerate(zip(grid[row, 1:], blocks)):
            axes.imshow(
                attention,
                interpolation='nearest',
                vmin=0,
                extent=(-0.5, reach[1] * width - 0.5, reach[0] * height - 0.5, -0.5),
            )
            axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
            if truth is not None:
                axes.contour(truth == 1, [0.5], colors='white', linewidths=0.8)
            if shares is not None:
                axes.set_xlabel(f'{100 * shares[row][block]:.0f} %', fontsize=10)
            if row == 0:
                mark = ' *' * (block in navigate_blocks)
                axes.set_title(f'block {block}{mark}', fontsize=10)
    figure.suptitle(
        f'{class_name!r}: attention from and to the class token, '
        'block by block (* where the text comes in)',
        fontsize=11,
        parse_math=False,
    )
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
