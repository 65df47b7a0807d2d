"""Models of configs with random weights, which change no time."""

from dataclasses import dataclass, replace

import torch
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import nn

from ..utils.config_options import load_config
from .timing import DTYPES


@dataclass(frozen=True)
class Workload:
    """A model and its input.

    Attributes:
        config (str): Path of the config.
        options (dict): Values that take the place of the config's.
        classes (int): How many made-up names are asked for.
        dtype (str): A key of ``DTYPES``.
        device (str): Where it runs.
        shape (tuple[int, ...]): Of the pictures, (N, 3, H, W).
    """

    config: str
    options: dict
    classes: int
    dtype: str = 'float32'
    device: str = 'cpu'
    shape: tuple[int, ...] = (1, 3, 224, 224)

    def with_classes(self, classes: int) -> 'Workload':
        """Return the same in float32 with other classes, to count operations."""
        return replace(self, classes=classes, dtype='float32')

    def build(self) -> nn.Module:
        """Build the model.

        Raises:
            ValueError: If the config lets only some classes through.
        """
        init_default_scope('mmseg')
        cfg = load_config(self.config, self.options)
        names = [f'thing {i}' for i in range(self.classes)]
        if 'text_encoder' in cfg.model:
            cfg.model.backbone.pretrained = None  # nothing to fetch
            # Templates are read once a vocabulary, and 80 of them take a while.
            cfg.model.text_encoder.update(vocabulary=names, templates='name')
            cfg.model.test_cfg.setdefault('labels_only', True)
            if cfg.model.test_cfg.get('keep_classes') or cfg.model.get('presence'):
                raise ValueError(
                    'All classes are asked for here: take keep_classes out of the '
                    'test_cfg, and presence out of the model.'
                )
            if self.dtype != 'float32':
                cfg.model.test_cfg.dtype = self.dtype
            return MODELS.build(cfg.model).eval().to(self.device)
        cfg.model.update(vocabulary=names, random_weights=True)
        model = MODELS.build(cfg.model).eval().to(self.device)
        model.predict = torch.autocast(
            self.device.split(':')[0],
            DTYPES[self.dtype],
            enabled=self.dtype != 'float32',
        )(model.predict)
        return model
