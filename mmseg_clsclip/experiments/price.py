"""What a row's model pays for one more name."""

from functools import cache
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from ..benchmark.inference import count_prediction


@cache
def count_name(config: Path) -> int:
    """Count the operations that one more name takes, its text encoded before.

    A prediction of three names less one of two, for a picture at the size of the
    config's input, as PyTorch counts them (a product and its sum are two).

    Args:
        config (Path): Of a segmentor with a text encoder.
    """
    init_default_scope('mmseg')
    cfg = Config.fromfile(config)
    pictures = torch.zeros(1, 3, *cfg.data_preprocessor.size)
    counts = []
    for names in (2, 3):
        cfg.model.text_encoder.vocabulary = [f'thing {k}' for k in range(names)]
        counts.append(count_prediction(MODELS.build(cfg.model).eval(), pictures))
    return counts[1] - counts[0]
