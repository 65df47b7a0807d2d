"""Drawings of what the shipped heads find on Shapes-5i.

What is shown is chosen by a rule, not by eye: in each fold the unseen test
episode of median IoU, of objects of 400 pixels or more; of ClsCLIP+, the one of
median gain, of objects below 32 x 32.
"""

from dataclasses import dataclass
from pathlib import Path

import mmcv
import numpy as np
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmseg.apis import init_model
from mmseg.registry import DATASETS
from PIL import Image, ImageDraw

from ..utils.keys import CLASS_NAME, NOVEL_CLASSES
from ..utils.palette import distinct_colours
from ..visualization.overlay import overlay_labels
from ..visualization.save_figure import save_small
from .layout import CHECKPOINT, CONFIG, FOLDS, PLUS_CONFIGS
from .panel_grid import SIDE, compose

SMALL = 32 * 32  # pixels, as in the tables
VISIBLE = 400  # pixels, of an object that is seen in a strip of pictures


@dataclass
class DrawnEpisode:
    """An unseen class in a test picture, and what was found.

    Attributes:
        picture (np.ndarray): (H, W, 3) uint8, RGB.
        name (str): The class asked for.
        truth (np.ndarray): (H, W) bool.
        mask (np.ndarray): (H, W) bool, predicted.
        boxes (list): x1, y1, x2, y2 of what was looked at again.
    """

    picture: np.ndarray
    name: str
    truth: np.ndarray
    mask: np.ndarray
    boxes: list

    @property
    def iou(self) -> float:
        """Intersection over union of the mask with the truth."""
        return float((self.mask & self.truth).sum() / (self.mask | self.truth).sum())


def predict_unseen(config: str, fold: int) -> dict[tuple[str, str], DrawnEpisode]:
    """Predict all unseen episodes of a fold's test, by picture and class."""
    cfg = Config.fromfile(config)
    cfg.test_dataloader.dataset.dataset.fold = fold
    model = init_model(cfg, CHECKPOINT.format(fold=fold), device='cpu')
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    episodes = {}
    for index in range(len(dataset)):
        if dataset.get_data_info(index)[CLASS_NAME] in dataset.metainfo[NOVEL_CLASSES]:
            result = model.test_step(pseudo_collate([dataset[index]]))[0]
            proposals = result.get('proposals')
            episodes[result.img_path, result.class_name] = DrawnEpisode(
                mmcv.imread(result.img_path, channel_order='rgb'),
                result.class_name,
                result.gt_sem_seg.data[0].numpy() == 1,
                result.pred_sem_seg.data[0].numpy() == 1,
                [] if proposals is None else proposals.bboxes.tolist(),
            )
    return episodes


def pick_median(values: dict) -> object:
    """Return the key of the median value; of an even number, the upper one's."""
    return sorted(values, key=values.get)[len(values) // 2]


def _paint(one: DrawnEpisode, mask: np.ndarray | None, boxes: list = ()) -> Image.Image:
    """Paint a mask over an episode's picture, and draw boxes."""
    labels = np.zeros(one.truth.shape) if mask is None else mask
    palette = distinct_colours(2, background=True)
    drawn = overlay_labels(one.picture, labels, palette, min_side=SIDE)
    panel = Image.fromarray(drawn)
    scale = panel.width / one.picture.shape[1]
    for box in boxes:
        corners = [scale * value for value in box]
        ImageDraw.Draw(panel).rectangle(corners, outline='white', width=2)
    return panel


def _tell_iou(one: DrawnEpisode) -> str:
    return f'IoU {100 * one.iou:.0f} %'


def draw_predictions(folds: dict[int, dict], path: Path) -> None:
    """Draw the episode of median IoU of every fold: picture, truth, ClsCLIP.

    Args:
        folds (dict[int, dict]): :func:`predict_unseen` of ClsCLIP, by fold.
        path (Path): Of the PNG.
    """
    columns = {}
    for fold, episodes in folds.items():
        ious = {
            key: one.iou for key, one in episodes.items() if one.truth.sum() >= VISIBLE
        }
        one = episodes[pick_median(ious)]
        columns[f'fold {fold}: {one.name}'] = [
            (_paint(one, None), ''),
            (_paint(one, one.truth), ''),
            (_paint(one, one.mask), _tell_iou(one)),
        ]
    save_small(compose(['picture', 'truth', 'ClsCLIP'], columns), path)


def draw_zoom_ins(folds: dict[int, dict], path: Path) -> None:
    """Draw the small episode of median gain by ClsCLIP+ of every fold.

    Args:
        folds (dict[int, dict]): :func:`predict_unseen` of ClsCLIP, by fold.
        path (Path): Of the PNG.
    """
    columns = {}
    for fold, episodes in folds.items():
        again = predict_unseen(PLUS_CONFIGS['self'], fold)
        gains = {
            key: one.iou - episodes[key].iou
            for key, one in again.items()
            if one.truth.sum() < SMALL
        }
        key = pick_median(gains)
        before, after = episodes[key], again[key]
        columns[f'fold {fold}: {after.name}'] = [
            (_paint(after, after.truth), ''),
            (_paint(after, before.mask), _tell_iou(before)),
            (_paint(after, after.mask, after.boxes), _tell_iou(after)),
        ]
    save_small(compose(['truth', 'ClsCLIP', 'ClsCLIP+'], columns), path)


def draw_all(folder: Path) -> list[Path]:
    """Draw both into a folder.

    Returns:
        list[Path]: The PNGs.
    """
    paths = [folder / 'clsclip.png', folder / 'clsclip_plus.png']
    folds = {fold: predict_unseen(CONFIG.format(fold=fold), fold) for fold in FOLDS}
    draw_predictions(folds, paths[0])
    draw_zoom_ins(folds, paths[1])
    return paths
