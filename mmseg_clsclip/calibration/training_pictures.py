"""Training pictures with the masks of base classes, as a whole vocabulary."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmseg.registry import DATASETS
from torch import Tensor, nn

from ..datasets.episode_dataset import EpisodeDataset
from ..datasets.transforms.checked_load_annotations import replace_loaders


class TrainingPicture(NamedTuple):
    """A picture and what is in it.

    Attributes:
        inputs (Tensor): Normalised, (1, 3, H, W).
        meta (dict): mmseg's metainfo.
        labels (Tensor): (h, w) int64: 0 for no base class, i + 1 for the i-th, and
            255 where nothing is known.
    """

    inputs: Tensor
    meta: dict
    labels: Tensor


class TrainingPictures:
    """The training pictures of a config, prepared as its test pictures are.

    Pictures that hold a novel class are left out, whatever the training does with
    them: no number may come from their masks.

    Args:
        cfg (Config): With an :class:`EpisodeDataset` for training.
        number (int): Pictures at most, drawn with a fixed seed.

    Attributes:
        base_classes (tuple[str]): Names.

    Raises:
        ValueError: If the config does not train, or not on episodes.
    """

    def __init__(self, cfg: Config, number: int):
        if not cfg.get('train_dataloader'):
            raise ValueError(
                'The config has no train_dataloader: a presence is chosen on the '
                'pictures that the model was trained on. Give the config of the '
                'training.'
            )
        dataset = DATASETS.build(cfg.train_dataloader.dataset)
        if not isinstance(dataset, EpisodeDataset):
            raise ValueError(
                f'train_dataloader.dataset is a {type(dataset).__name__}; what is '
                'seen in training is known of an EpisodeDataset alone.'
            )
        self.base_classes = tuple(dataset.base_classes)
        self.novel_classes = tuple(dataset.novel_classes)
        self.protocol = dataset.metainfo['protocol']
        self._pictures = dataset.dataset
        self._pipeline = Compose(cfg.test_dataloader.dataset.pipeline)
        replace_loaders(self._pipeline)
        classes = list(dataset.metainfo['classes'])
        # From a label of the data set to one of the base classes.
        self._table = np.zeros(256, np.int64)
        for name in self.base_classes:
            self._table[classes.index(name)] = 1 + self.base_classes.index(name)
        self._table[255] = 255
        self._novel = [classes.index(name) for name in self.novel_classes]
        # In an order of their own, since files are often sorted by what they show.
        indices = dict.fromkeys(index for index, _ in dataset.samples)
        self._indices = np.random.RandomState(0).permutation(list(indices))
        self._number = number

    def iter_pictures(self, model: nn.Module) -> Iterator[TrainingPicture]:
        """Give the pictures as a model's preprocessor makes them."""
        given = 0
        for index in self._indices:
            if given == self._number:
                return
            results = self._pipeline(self._pictures.get_data_info(index))
            labels = results['data_samples'].gt_sem_seg.data[0].numpy()
            if np.isin(labels, self._novel).any():
                continue
            size = results['data_samples'].ori_shape[:2]
            if labels.shape != size:
                raise ValueError(
                    f'{results["data_samples"].img_path} is {size}, its mask '
                    f'{labels.shape}: put LoadAnnotations after Resize and Pad in the '
                    'test pipeline.'
                )
            given += 1
            data = model.data_preprocessor(pseudo_collate([results]))
            yield TrainingPicture(
                data['inputs'],
                data['data_samples'][0].metainfo,
                torch.from_numpy(self._table[labels]),
            )
