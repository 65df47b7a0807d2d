"""Geometry of boxes: around masks, and the windows that are cut for them."""

from collections.abc import Mapping
from typing import NamedTuple

import cv2
import numpy as np
import torch
from mmengine.structures import InstanceData
from torch import Tensor


class ComponentBoxes(NamedTuple):
    """Boxes around the connected parts of a mask.

    Attributes:
        bboxes (Tensor): (n, 4) float32, xyxy in pixels, the right and lower
            edge behind the last pixel.
        scores (Tensor): (n, ) float32, the mean weight of each part.
    """

    bboxes: Tensor
    scores: Tensor


def component_boxes(
    mask: np.ndarray, min_area: int = 1, weights: np.ndarray | None = None
) -> ComponentBoxes:
    """Return boxes around the connected parts of a mask.

    Args:
        mask (np.ndarray): (H, W) bool. Pixels that touch by a corner belong
            together.
        min_area (int): Parts of fewer pixels are left out.
        weights (np.ndarray, optional): (H, W), to average over each part.
            Defaults to 1.
    """
    _, parts, stats, _ = cv2.connectedComponentsWithStats(
        np.ascontiguousarray(mask, dtype=np.uint8), connectivity=8
    )
    area = stats[:, cv2.CC_STAT_AREA]
    keep = np.flatnonzero(area >= min_area)
    keep = keep[keep > 0]  # part 0 is what the mask leaves out
    means = np.ones(len(area))
    if weights is not None:
        means = np.bincount(
            parts.ravel(), weights.ravel(), minlength=len(area)
        ) / area.clip(min=1)  # part 0 can be empty
    corner = stats[keep][:, [cv2.CC_STAT_LEFT, cv2.CC_STAT_TOP]]
    extent = stats[keep][:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    boxes = np.concatenate([corner, corner + extent], axis=1)  # (n, 4)
    return ComponentBoxes(
        bboxes=torch.from_numpy(boxes).float(),
        scores=torch.from_numpy(means[keep]).float(),
    )


def pack_components(components: Mapping[str, ComponentBoxes]) -> InstanceData:
    """Return the boxes of all classes, by name, as proposals."""
    return InstanceData(
        # The empty ones are for no class at all.
        bboxes=torch.cat([torch.empty(0, 4), *(c.bboxes for c in components.values())]),
        scores=torch.cat([torch.empty(0), *(c.scores for c in components.values())]),
        names=[name for name, boxes in components.items() for _ in boxes.scores],
    )


def _lengthen(
    low: Tensor, high: Tensor, side: Tensor, limit: int
) -> tuple[Tensor, Tensor]:
    """Return intervals lengthened to ``side``, moved to stay within 0 and limit."""
    side = torch.maximum(side, high - low).clamp(max=limit)
    low = low - (side - (high - low)) // 2
    low = torch.minimum(low.clamp(min=0), limit - side)
    return low, low + side


def crop_windows(
    bboxes: Tensor,
    size: tuple[int, int],
    margin: float = 0.1,
    min_size: int = 1,
    square: bool = False,
) -> Tensor:
    """Return the windows that are cut out of a picture for boxes.

    The margin ends at the picture's border. ``min_size`` and ``square`` take
    in more of the picture instead, to either side, as far as there is more.

    Args:
        bboxes (Tensor): (n, 4), xyxy in pixels, with an area and within the
            picture.
        size (tuple[int, int]): Height and width of the picture.
        margin (float): Added to every side, as a share of the box's own width
            or height.
        min_size (int): No window is narrower or lower, in pixels.
        square (bool): Lengthen the shorter side to the longer one.

    Returns:
        Tensor: (n, 4) int64, xyxy, the right and lower edge exclusive.
    """
    height, width = size
    x1, y1, x2, y2 = bboxes.double().unbind(1)
    sides = []
    for low, high, limit in ((x1, x2, width), (y1, y2, height)):
        padding = margin * (high - low)
        # The least bit over a pixel is rounding, not one more pixel.
        low = (low - padding + 1e-4).floor().clamp(0, limit - 1).long()
        high = (high + padding - 1e-4).ceil().clamp(max=limit).long()
        sides.append((low, torch.maximum(high, low + 1)))
    (x1, x2), (y1, y2) = sides
    horizontal = (x2 - x1).clamp(min=min_size)
    vertical = (y2 - y1).clamp(min=min_size)
    if square:
        horizontal = vertical = torch.maximum(horizontal, vertical)
    x1, x2 = _lengthen(x1, x2, horizontal, width)
    y1, y2 = _lengthen(y1, y2, vertical, height)
    return torch.stack([x1, y1, x2, y2], dim=1)
