"""Navigation in samples of a config: one is drawn, or many are measured."""

import random
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import mmcv
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmseg.registry import DATASETS
from PIL import Image
from rich.progress import track
from torch import Tensor

from mmseg_clsclip_cli.messages import first_few

from ..datasets import EpisodeDataset
from ..models.inference.restoring import find_padding
from ..models.segmentors import ClsCLIP
from ..utils.files import atomic_write
from ..utils.keys import CLASS_NAME, NOVEL_CLASSES
from ..utils.markdown import markdown_table
from .navigation import (
    DIRECTIONS,
    draw_navigation,
    navigation_maps,
    on_patches,
    share_inside,
)

# What navigates, in words.
OWN, ANOTHER, VISUAL = 'its text', "another class's text", 'visual [CLS]'


@dataclass
class NavigationView:
    """The attention of a sample.

    Attributes:
        maps (Tensor): (R, B, h, w), a row of blocks for each direction and text.
        rows (list[str]): The rows in words.
        reach (tuple[float, float]): Height and width of all patches, of the
            picture's; more than 1 where it was padded.
        truth (Tensor, optional): (H, W), 1 inside.
        shares (Tensor, optional): (R, B), of the attention inside the truth.
        area (float, optional): The share that even attention would have inside.
    """

    maps: Tensor
    rows: list[str]
    reach: tuple[float, float]
    truth: Tensor | None = None
    shares: Tensor | None = None
    area: float | None = None


def view_navigation(
    model: ClsCLIP, data: dict, texts: dict[str, str | None]
) -> NavigationView:
    """Look into the tower at a sample.

    Args:
        model (ClsCLIP): On whatever device.
        data (dict): ``inputs`` and ``data_samples``.
        texts (dict[str, str | None]): The class whose text navigates, by
            what to call it; None for the visual [CLS].
    """
    sample, backbone = data['data_samples'], model.backbone
    inputs = model.data_preprocessor(pseudo_collate([data]))['inputs']
    embeddings = [
        name and model.text_encoder([name], inputs.device) for name in texts.values()
    ]
    maps = torch.stack(
        [navigation_maps(backbone, inputs, text) for text in embeddings], dim=1
    )  # (2, T, B, h, w)
    left, right, top, bottom = find_padding(sample.metainfo)
    height, width = sample.img_shape[:2]
    seen = height - top - bottom, width - left - right
    grid = tuple(maps.shape[-2:])
    view = NavigationView(
        maps=maps.flatten(0, 1).cpu(),
        rows=[f'{direction},\n{words}' for direction in DIRECTIONS for words in texts],
        reach=tuple(n * p / s for n, p, s in zip(grid, backbone.patch_size, seen)),
    )
    if 'gt_sem_seg' in sample:
        view.truth = sample.gt_sem_seg.data[0]
        inside = on_patches(view.truth, seen, grid, backbone.patch_size)
        view.shares = share_inside(view.maps, inside)
        view.area = inside.mean().item()
    return view


def build_episodes(cfg: Config) -> EpisodeDataset:
    """Build the test set.

    Raises:
        ValueError: If it does not ask class by class.
    """
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    if not isinstance(dataset, EpisodeDataset):
        raise ValueError(
            'The test set of the config asks for all classes at once; give a config '
            'of episodes, or a PICTURE and --class NAME.'
        )
    return dataset


def pick_sample(cfg: Config, picture: str | None, name: str | None) -> dict:
    """Return the sample of a picture, or the first of the test set with a class.

    Args:
        cfg (Config): Its test pipeline reads the picture.
        picture (str, optional): Its path.
        name (str, optional): The class asked for. Of the test set it is by default
            any of the unseen ones.

    Raises:
        ValueError: If there is no such sample.
    """
    if picture:
        steps = cfg.test_dataloader.dataset.pipeline
        load = Compose([step for step in steps if step['type'] != 'LoadAnnotations'])
        data = load(dict(img_path=picture))
        data['data_samples'].set_metainfo(dict(class_name=name))
        return data
    dataset = build_episodes(cfg)
    names = [name] if name else dataset.metainfo[NOVEL_CLASSES]
    for index in range(len(dataset)):
        if dataset.get_data_info(index)[CLASS_NAME] in names:
            return dataset[index]
    raise ValueError(
        f'No sample of the test set asks for {first_few(names)}; give a PICTURE.'
    )


def draw_sample(model: ClsCLIP, data: dict, path: str | Path) -> None:
    """Draw a sample with its text and without, beside the prediction, as PNG."""
    name = data['data_samples'].class_name
    view = view_navigation(model, data, {OWN: name, VISUAL: None})
    result = model.test_step(pseudo_collate([data]))[0]
    drawing = draw_navigation(
        picture=mmcv.imread(result.img_path, channel_order='rgb'),
        class_name=name,
        maps=dict(zip(view.rows, view.maps.numpy())),
        prediction=result.pred_sem_seg.data[0].cpu().numpy(),
        reach=view.reach,
        truth=None if view.truth is None else view.truth.numpy(),
        shares=view.shares,
        navigate_blocks=model.backbone.navigate_blocks,
    )
    with atomic_write(path) as file:
        Image.fromarray(drawing).save(file, 'PNG')


def view_scenes(
    model: ClsCLIP, cfg: Config, number: int
) -> dict[str, list[NavigationView]]:
    """Look at every class in the first pictures of the test set.

    Args:
        model (ClsCLIP): On whatever device.
        cfg (Config): Of episodes; all classes are asked for.
        number (int): Of pictures.

    Returns:
        dict[str, list[NavigationView]]: Of ``seen`` and ``unseen`` classes, each
        navigated by its own text, by that of a class that is not there, and not.
    """
    test_set = cfg.test_dataloader.dataset
    if issubclass(DATASETS.get(test_set.type), EpisodeDataset):
        test_set.test_classes = 'all'
    dataset = build_episodes(cfg)
    novel = dataset.metainfo[NOVEL_CLASSES]
    classes = dataset.base_classes + tuple(novel)
    infos = map(dataset.get_data_info, range(len(dataset)))
    scenes = [list(scene) for _, scene in groupby(infos, lambda info: info['img_path'])]
    groups: dict[str, list[NavigationView]] = {'seen': [], 'unseen': []}
    rng = random.Random(0)
    for scene in track(scenes[:number], 'looking', transient=True):
        shown = [info[CLASS_NAME] for info in scene]
        for info, name in zip(scene, shown):
            another = rng.choice([c for c in classes if c not in shown] or classes)
            view = view_navigation(
                model,
                dataset[info['sample_idx']],
                {OWN: name, ANOTHER: another, VISUAL: None},
            )
            groups['unseen' if name in novel else 'seen'].append(view)
    return groups


def format_shares(groups: dict[str, list[NavigationView]], model: ClsCLIP) -> str:
    """Return the mean shares of :func:`view_scenes` as a Markdown table.

    Args:
        groups (dict[str, list[NavigationView]]): With truths.
        model (ClsCLIP): The heads of its navigated blocks are marked.
    """
    rows: list[list[str]] = []
    for group, views in groups.items():
        if not views:
            continue
        shares = 100 * torch.stack([view.shares for view in views]).mean(0)  # (R, B)
        area = 100 * sum(view.area for view in views) / len(views)
        for words, row in zip(views[0].rows, shares.tolist()):
            words = f'{group} ({len(views)}): ' + words.replace('\n', ' ')
            rows.append([words, *(f'{value:.1f}' for value in [*row, area])])
    marks = {block: ' *' for block in model.backbone.navigate_blocks}
    heads = [f'block {k}{marks.get(k, "")}' for k in range(model.backbone.depth)]
    return markdown_table(['per cent inside', *heads, 'even'], rows)
