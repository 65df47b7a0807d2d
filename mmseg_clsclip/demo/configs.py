"""Configs: found, and with a zoom-in around their model."""
import copy
from pathlib import Path

from mmengine.config import Config, ConfigDict

from ..files import configs_folder

ZOOM_IN = 'clsclip_plus/clsclip-plus_shapes-5i_fold0.py'


def read_config(config: str | Path | Config) -> Config:
    """A config, by its path or by its path among ours.

    Raises:
        FileNotFoundError: If it is neither.
    """
    if isinstance(config, Config):
        return copy.deepcopy(config)
    path = Path(config)
    if not path.is_file():
        path = configs_folder() / str(config).removeprefix('configs/')
    if not path.is_file():
        raise FileNotFoundError(
            f'The config {config} is neither there nor in {path.parent}.')
    return Config.fromfile(path)


def put_zoom_in(cfg: Config) -> None:
    """Put ZoomIn around a config's segmentor, boxes from its first look.

    What the test pipeline has between loading and packing becomes ZoomIn's.
    """
    plus = Config.fromfile(configs_folder() / ZOOM_IN).model
    if cfg.model.type == 'ZoomIn':
        cfg.model.proposals = plus.proposals
        return
    plain = {'LoadImageFromFile', 'LoadAnnotations', 'MakeEpisode',
             'PackSegInputs'}
    resize = [t for t in cfg.test_pipeline if t.type not in plain]
    cfg.model = ConfigDict(
        plus, module=cfg.model, resize=resize, crop_batch_size=8)
    cfg.test_pipeline = [t for t in cfg.test_pipeline if t.type in plain]
