"""Where the class token looks: the maps, how much is inside, a drawing."""
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch import Tensor, nn

from ..backbone import ClsCLIPVisionTransformer


def class_token_attention(block: nn.Module, x: Tensor) -> Tensor:
    """What the [CLS] attends to in a block, mean of the heads.

    softmax(q_cls k^T / sqrt(d)), with the block's own LayerNorm and
    projections.

    Args:
        block (nn.Module): A residual block of open_clip's ViT.
        x (Tensor): Tokens (M, 1 + L, C) before it, the [CLS] first.

    Returns:
        Tensor: (M, 1 + L), the [CLS] itself first; rows sum to 1.

    Raises:
        ValueError: If the block's attention is not a plain one.
    """
    attn = block.attn
    if not isinstance(attn, nn.MultiheadAttention):
        raise ValueError(
            f'The attention of this CLIP is a {type(attn).__name__}, which '
            "nobody can look into; use a ViT such as 'ViT-B-16-quickgelu'.")
    x = block.ln_1(x)
    wq, wk, _ = attn.in_proj_weight.chunk(3)
    bq, bk, _ = attn.in_proj_bias.chunk(3)
    # Each (M, heads, 1 or 1 + L, C / heads).
    q, k = (part.unflatten(-1, (attn.num_heads, -1)).transpose(1, 2)
            for part in (F.linear(x[:, :1], wq, bq), F.linear(x, wk, bk)))
    scores = q @ k.transpose(-2, -1) / q.shape[-1]**0.5
    return scores.softmax(-1).mean(1)[:, 0]


@torch.no_grad()
def navigation_maps(backbone: ClsCLIPVisionTransformer,
                    inputs: Tensor,
                    text: Tensor | None = None) -> Tensor:
    """Attention of the class token over the patches, block by block.

    Before a navigated block the token has just been replaced by
    ``L_i(T_cls)``, and this is where that looks.

    Args:
        backbone (ClsCLIPVisionTransformer): The tower.
        inputs (Tensor): A normalised picture (1, 3, H, W).
        text (Tensor, optional): The class's text token (1, D). None leaves
            the visual [CLS] everywhere: CLIP's own tower.

    Returns:
        Tensor: (B, h, w) for B blocks. What is missing from a sum of 1 the
        token gives to itself.
    """
    grid = backbone.grid_size(*inputs.shape[-2:])
    x, maps = backbone.first_tokens(inputs), []
    for i, block in enumerate(backbone.visual.module.transformer.resblocks):
        if text is not None and i in backbone.navigate_blocks:
            x = backbone.let_in(i, x, text)
        maps.append(class_token_attention(block, x)[0, 1:].unflatten(0, grid))
        x = backbone.run_block(i, x)
    return torch.stack(maps)


def on_patches(mask: Tensor, img_shape: tuple[int, int],
               grid: tuple[int, int], patch_size: tuple[int, int]) -> Tensor:
    """Which share of every patch a mask covers.

    Args:
        mask (Tensor): (H, W), 1 inside; at the picture's own size.
        img_shape (tuple[int]): Height and width at which the picture went
            into the tower, without padding.
        grid (tuple[int]): Rows and columns of patches.
        patch_size (tuple[int]): Height and width in pixels.

    Returns:
        Tensor: (h, w), 0 to 1.
    """
    inside = F.interpolate((mask == 1).float()[None, None], size=img_shape,
                           mode='area')
    bottom, right = (n * p - side
                     for n, p, side in zip(grid, patch_size, img_shape))
    inside = F.pad(inside, (0, right, 0, bottom))
    return F.avg_pool2d(inside, patch_size)[0, 0]


def share_inside(maps: Tensor, inside: Tensor) -> Tensor:
    """Share of the attention over patches that falls into a mask.

    Args:
        maps (Tensor): Attention (B, h, w).
        inside (Tensor): Share of every patch that is inside (h, w). Its mean
            is what attention would give that is the same everywhere.

    Returns:
        Tensor: (B, ), 0 to 1.
    """
    return (maps * inside).sum((1, 2)) / maps.sum((1, 2))


def draw_navigation(picture: np.ndarray,
                    class_name: str,
                    navigated: np.ndarray,
                    visual: np.ndarray,
                    prediction: np.ndarray,
                    truth: np.ndarray | None = None,
                    shares: tuple[Sequence, Sequence] | None = None,
                    navigate_blocks: Sequence[int] = (),
                    out_file: str | None = None) -> np.ndarray:
    """Draw where the class token looks, with navigation and without.

    A column a block; left of them the picture and the truth, right of them
    the prediction. Every map has its own scale, from 0 to its maximum.

    Args:
        picture (np.ndarray): (H, W, 3) uint8, RGB.
        class_name (str): The class asked for.
        navigated (np.ndarray): Attention (B, h, w), see
            :func:`navigation_maps`.
        visual (np.ndarray): The same without text.
        prediction (np.ndarray): Mask (H, W), 1 inside.
        truth (np.ndarray, optional): The same; its outline is drawn on maps.
        shares (tuple, optional): What to write below the maps: shares inside
            (B, ) of both.
        navigate_blocks (Sequence[int]): Which titles are marked.
        out_file (str, optional): Where to save it; the suffix says how.

    Returns:
        np.ndarray: The drawing, (h, w, 3) uint8, RGB.
    """
    height, width = picture.shape[:2]
    columns = len(navigated) + 2
    figure = Figure(figsize=(1.25 * columns, 3.2), layout='constrained')
    canvas = FigureCanvasAgg(figure)
    grid = figure.subplots(2, columns)
    for axes in grid.flat:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)

    def overlay(axes, mask, title):
        shown = picture / 255
        shown[mask == 1] = 0.4 * shown[mask == 1] + [0.6, 0, 0.5]
        axes.imshow(shown, interpolation='nearest')
        axes.set_title(title, fontsize=9)

    overlay(grid[0, 0], np.zeros((height, width)), 'picture')
    overlay(grid[0, -1], prediction, 'prediction')
    if truth is not None:
        overlay(grid[1, 0], truth, 'truth')
    for row, maps, words in zip(range(2), (navigated, visual),
                                ('text', 'visual [CLS]')):
        grid[row, 1].set_ylabel(words, fontsize=9)
        for block, (axes, attention) in enumerate(zip(grid[row, 1:], maps)):
            axes.imshow(attention, interpolation='nearest', vmin=0,
                        extent=(-0.5, width - 0.5, height - 0.5, -0.5))
            if truth is not None:
                axes.contour(truth == 1, [0.5], colors='white',
                             linewidths=0.8)
            if shares is not None:
                axes.set_xlabel(f'{100 * shares[row][block]:.0f} %',
                                fontsize=8)
            if row == 0:
                mark = ' *' * (block in navigate_blocks)
                axes.set_title(f'block {block}{mark}', fontsize=9)
    figure.suptitle(f'{class_name!r}: attention of the class token, block '
                    'by block (* where the text comes in)', fontsize=10)
    if out_file is not None:
        figure.savefig(out_file)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
