"""From a config and a checkpoint to the numbers of its presence."""

import os
import re
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import NamedTuple

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from prettytable import PrettyTable
from rich.progress import track

from ..models.segmentors.clip_segmentor import CLIPSegmentor
from ..models.segmentors.query_dense_clip import QueryDenseCLIP
from ..utils.checkpoint import load_strictly
from ..utils.config_options import load_config
from ..utils.config_variables import inherited_files
from ..utils.files import atomic_write
from ..utils.registered_class import registered_class
from .presence_scan import Setting, choose, scan
from .training_pictures import TrainingPictures


class Chosen(NamedTuple):
    """What was chosen.

    Attributes:
        setting (Setting): The numbers, and what they give.
        presence (dict): A config of :class:`CLIPPresence`.
    """

    setting: Setting
    presence: dict


def calibrate(
    cfg: Config, checkpoint: str, number: int, device: str | None = None
) -> tuple[Chosen, list[Setting]]:
    """Choose the numbers of a config's presence.

    Args:
        cfg (Config): Of a :class:`CLIPSegmentor` and its training data.
        checkpoint (str): Its weights; ``'none'`` if it has none to be trained.
        number (int): Training pictures.
        device (str, optional): Defaults to mmengine's choice.

    Returns:
        tuple[Chosen, list[Setting]]: The choice, and all that were tried.

    Raises:
        ValueError: If the model knows no presence or has thresholds, the checkpoint
            does not fit, or there is no picture.
    """
    init_default_scope('mmseg')
    kind = registered_class(MODELS, cfg.get('model'), 'model')
    if not issubclass(kind, CLIPSegmentor):
        raise ValueError(
            f'{kind.__name__}: a CLIPSegmentor is asked; of a ZoomIn calibrate the '
            'module inside.'
        )
    vocabulary = (cfg.model.get('text_encoder') or {}).get('vocabulary')
    if isinstance(vocabulary, dict):
        raise ValueError(
            'The base classes are read by the text tower, and not by a file of '
            'embeddings: calibrate with the names as the vocabulary.'
        )
    options = dict(cfg.model.get('presence') or {})
    options.pop('type', None)
    options.pop('calibration', None)
    cfg.model.presence = None
    if (cfg.model.get('test_cfg') or {}).get('keep_classes'):
        raise ValueError(
            'test_cfg.keep_classes is a presence, too. Calibrate with --cfg-options '
            'model.test_cfg.keep_classes=None.'
        )
    pictures = TrainingPictures(cfg, number)
    model = MODELS.build(cfg.model)
    if not model.with_background:
        raise ValueError('A presence is chosen of a model with_background=True.')
    if isinstance(model, QueryDenseCLIP) and (model.prob_thd or model.area_thd):
        raise ValueError(
            'A presence is weighed before thresholds, which hide what it does. '
            'Calibrate with --cfg-options model.prob_thd=0 model.area_thd=0.'
        )
    load_strictly(model, checkpoint)
    model = model.eval().to(device or get_device())
    groups = model.text_encoder.synonyms
    strange = [name for name in pictures.base_classes if name not in groups]
    if strange:
        raise ValueError(
            f'The base classes {strange} are no names of the vocabulary: write them '
            'into model.text_encoder.vocabulary.'
        )
    model.text_encoder.set_vocabulary(
        [list(groups[name]) for name in pictures.base_classes]
    )
    shown = track(pictures.iter_pictures(model), 'calibrating', total=number)
    settings, seen = scan(model, shown, options)
    if not seen:
        raise ValueError('No training picture is without a novel class.')
    setting = choose(settings)
    where = [str(pictures.protocol.get('dataset'))]
    if 'fold' in pictures.protocol:
        where.append(f'fold {pictures.protocol["fold"]}')
    presence = dict(
        options,
        type='CLIPPresence',
        sharpness=setting.sharpness,
        weight=setting.weight,
        min_probability=setting.min_probability,
        calibration=dict(
            clip=model.backbone.clip_name,
            chosen_on=f'{seen} training pictures and {len(pictures.base_classes)} base '
            f'classes of {", ".join(where)}',
        ),
    )
    return Chosen(setting, presence), settings


def print_tables(chosen: Chosen, settings: list[Setting]) -> None:
    """Print what the least probability does, and what the other two do."""
    best = chosen.setting
    table = PrettyTable(['p at least', 'recall', 'names asked', 'mIoU'])
    for s in settings:
        if (s.sharpness, s.weight) == (best.sharpness, best.weight):
            mark = ' *' if s == best else ''
            table.add_row(
                [f'{s.min_probability:g}{mark}']
                + [f'{value:.1f}' for value in (s.recall, s.asked, s.miou)]
            )
    print(f'sharpness {best.sharpness:g}, weight {best.weight:g}:\n{table}')
    weights = sorted({s.weight for s in settings})
    table = PrettyTable(['sharpness', *(f'weight {w:g}' for w in weights)])
    for sharpness in sorted({s.sharpness for s in settings}):
        row = {
            s.weight: f'{s.miou:.1f}'
            for s in settings
            if (s.sharpness, s.min_probability) == (sharpness, best.min_probability)
        }
        table.add_row([f'{sharpness:g}', *(row[w] for w in weights)])
    print(f'mIoU at p of at least {best.min_probability:g}:\n{table}')


def check_out(path: Path, cfg: Config, options: dict) -> None:
    """Check before the work that a config can be written that inherits from another.

    Args:
        path (Path): Where it goes.
        cfg (Config): The other, read from its file.
        options (dict): See :func:`write_config`.

    Raises:
        ValueError: If it cannot.
    """
    if path.suffix != '.py':
        raise ValueError(f'--out {path}: a config is called *.py.')
    if str(path.resolve()) in map(os.path.realpath, inherited_files(cfg)):
        raise ValueError(
            f'--out {path} would inherit from itself: the config, or one that it '
            'inherits from, is that file. Write to another.'
        )
    for key in options:
        if key.endswith('_delete_'):
            raise ValueError(f'{key}: write that into a config of your own.')


def write_config(path: Path, base: Path, options: dict, presence: dict) -> None:
    """Write a config that adds a presence to another.

    Args:
        path (Path): Where it goes.
        base (Path): The other.
        options (dict): What else takes the place of its values, by dotted keys.
        presence (dict): Of plain values.
    """
    changed, values = load_config(base, options), {}
    for key in options:
        # mmengine inherits a list as a whole.
        key = re.split(r'\.\d+(?:\.|$)', key)[0]
        values[key] = reduce(getitem, key.split('.'), changed)
    base = os.path.relpath(base.resolve(), path.resolve().parent)
    changes = Config({})
    changes.merge_from_dict({**values, 'model.presence': {}})
    changes.model.presence = presence
    with atomic_write(path) as file:
        file.write(f'_base_ = {base!r}\n{changes.pretty_text}'.encode())
