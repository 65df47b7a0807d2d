"""Drawings of what the shipped heads find on Shapes-5i."""

from pathlib import Path
from typing import NamedTuple

import mmcv
import numpy as np
from matplotlib.figure import Figure
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmseg.apis import init_model
from mmseg.registry import DATASETS
from mmseg.structures import SegDataSample
from PIL import Image

from ..utils.files import atomic_write
from ..utils.keys import NOVEL_CLASSES
from ..visualization import draw_zoom_in
from .layout import CHECKPOINT, CONFIG, FOLDS, PLUS_CONFIGS


def find_unseen(dataset, areas: range) -> dict:
    """Return the first sample of an unseen class with so many pixels.

    Raises:
        ValueError: If there is none.
    """
    unseen = dataset.metainfo[NOVEL_CLASSES]
    classes = dataset.metainfo['classes']
    for index, (_, label) in enumerate(dataset.samples):
        if classes[label] in unseen:
            data = dataset[index]
            if int(data['data_samples'].gt_sem_seg.data.sum()) in areas:
                return data
    raise ValueError(f'No unseen class has {areas} pixels.')


class Prediction(NamedTuple):
    """A picture (128, 128, 3) RGB, its truth (128, 128) and its result."""

    picture: np.ndarray
    truth: np.ndarray
    result: SegDataSample


def predict(config: str, fold: int, areas: range) -> Prediction:
    """Predict the first unseen sample with so many pixels, see :class:`Prediction`."""
    cfg = Config.fromfile(config)
    cfg.test_dataloader.dataset.dataset.fold = fold
    model = init_model(cfg, CHECKPOINT.format(fold=fold), device='cpu')
    model.keep_masks = True  # of ClsCLIP+, for its drawing
    data = find_unseen(DATASETS.build(cfg.test_dataloader.dataset), areas)
    truth = data['data_samples'].gt_sem_seg.data[0].numpy()
    result = model.test_step(pseudo_collate([data]))[0]
    picture = mmcv.imread(result.img_path, channel_order='rgb')
    return Prediction(picture, truth, result)


def draw_predictions(path: Path) -> None:
    """Draw picture, truth and prediction of one unseen class of every fold.

    Shown is the first unseen episode whose object has 400 pixels.
    """
    figure = Figure(figsize=(6, 8.6))
    axes = figure.subplots(len(FOLDS), 3)
    for row, fold in zip(axes, FOLDS):
        picture, truth, result = predict(
            CONFIG.format(fold=fold), fold, range(400, 128**2)
        )
        panels = picture, truth, result.pred_sem_seg.data[0].numpy()
        titles = f'fold {fold}: "{result.class_name}"?', 'truth', 'ClsCLIP'
        for axis, panel, title in zip(row, panels, titles):
            axis.imshow(panel, cmap='gray', vmin=0, vmax=None if panel.ndim == 3 else 1)
            axis.set_title(title, fontsize=9)
            axis.axis('off')
    figure.suptitle('Classes whose masks were never seen', fontsize=10)
    figure.tight_layout()
    with atomic_write(path) as file:
        figure.savefig(file, format='png', dpi=110)


def draw_zoom_ins(path: Path) -> None:
    """Draw ClsCLIP+ with boxes of its own on a small object of every fold.

    Shown is the first unseen episode whose object has 100 to 400 pixels.
    """
    rows = []
    for fold in FOLDS:
        picture, _, result = predict(PLUS_CONFIGS['self'], fold, range(100, 400))
        rows.append(draw_zoom_in(picture, result, max_regions=2))
    width = max(row.shape[1] for row in rows)
    rows = [
        np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0)), constant_values=255)
        for row in rows
    ]
    with atomic_write(path) as file:
        Image.fromarray(np.concatenate(rows)).save(file, format='png')
