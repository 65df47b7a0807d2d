"""Configs of models that are asked by names: found, checked and changed."""

import copy
from pathlib import Path

from mmengine.config import Config, ConfigDict
from mmseg.registry import MODELS, TRANSFORMS

from mmseg_clsclip_cli.model_files import find_config

from ..models.segmentors.text_prompted import TextPromptedSegmentor
from ..proposals import COCOResultsProposals, GroundTruthProposals
from ..utils import config_options
from ..utils.config_files import configs_folder
from ..utils.registered_class import registered_class

ZOOM_IN_CONFIG = 'clsclip_plus/clsclip-plus_shapes-5i_fold0.py'


def read_config(config: str | Path | Config) -> Config:
    """Read a config, by its path or by its path among ours.

    Raises:
        FileNotFoundError: If it is neither.
        ValueError: If it is no config.
    """
    if isinstance(config, Config):
        return copy.deepcopy(config)
    return config_options.read_config(find_config(config))


def resolve_segmentor(cfg: Config) -> type:
    """Return the class of a config's segmentor, which is asked by names.

    Raises:
        ValueError: If there is none, or it has classes of its own.
    """
    registered_class(MODELS, cfg.get('model'), 'model')
    inner = cfg.model.get('module', cfg.model)
    kind = registered_class(MODELS, inner, 'model.module')
    if not issubclass(kind, TextPromptedSegmentor):
        raise ValueError(
            f'{inner.type} has classes of its own and cannot be asked for '
            "others by name. mmseg's MMSegInferencer shows what it says."
        )
    return kind


def put_clip(segmentor: dict, clip: str) -> None:
    """Give a segmentor's config other weights of its CLIP.

    Args:
        segmentor (dict): Changed in place.
        clip (str): A file, a tag of open_clip, or 'none': random ones.

    Raises:
        ValueError: If it stands on no CLIP.
    """
    if 'backbone' not in segmentor:
        raise ValueError(
            f'{segmentor["type"]} stands on no CLIP whose weights could be given.'
        )
    segmentor['backbone']['pretrained'] = None if clip.lower() == 'none' else clip


def check_proposals(cfg: Config) -> None:
    """Refuse boxes that are listed for the pictures of a data set.

    Raises:
        ValueError: If a config's zoom-in has such.
    """
    proposals = cfg.model.get('proposals')
    if proposals and issubclass(
        registered_class(MODELS, proposals, 'model.proposals'),
        (COCOResultsProposals, GroundTruthProposals),
    ):
        raise ValueError(
            f'{proposals.type} has boxes for the pictures of a data set alone. Take '
            'boxes of the first look: zoom_in=True, or --zoom-in.'
        )


def check_pipeline(cfg: Config) -> None:
    """Refuse a config without a pipeline that prepares pictures.

    Raises:
        ValueError: With the step that cannot be built, if there is one.
    """
    pipeline = cfg.get('test_pipeline')
    # mmseg leaves LoadAnnotations out.
    if not isinstance(pipeline, (list, tuple)) or all(
        isinstance(step, dict) and step.get('type') == 'LoadAnnotations'
        for step in pipeline
    ):
        raise ValueError(
            f'test_pipeline={pipeline!r}: a list of transforms that prepare a '
            "picture, such as [dict(type='LoadImageFromFile'), dict(type="
            "'PackSegInputs')]."
        )
    for number, step in enumerate(pipeline):
        try:
            TRANSFORMS.build(step)
        except Exception as error:  # whatever a transform can raise
            raise ValueError(
                f'test_pipeline[{number}]={step!r} cannot be built: {error}'
            ) from error


def leave_presence_out(cfg: Config, cfg_options: dict) -> None:
    """Let a config's segmentor ask for every name, likely or not.

    Raises:
        ValueError: If the options say which names are asked.
    """
    for key, value in cfg_options.items():
        if value is not None and {'presence', 'keep_classes'} & set(key.split('.')):
            raise ValueError(
                f'{key}={value!r} says which names are asked, and all_names '
                '(--all-names) asks for every one: leave one of them out.'
            )
    inner = cfg.model.get('module', cfg.model)
    inner.pop('presence', None)
    inner.test_cfg.pop('keep_classes', None)


def put_zoom_in(cfg: Config) -> None:
    """Put ZoomIn around a config's segmentor, boxes from its first look.

    What the test pipeline has between loading and packing becomes ZoomIn's.
    """
    plus = Config.fromfile(configs_folder() / ZOOM_IN_CONFIG).model
    if cfg.model.type == 'ZoomIn':
        cfg.model.proposals = plus.proposals
        return
    plain = {
        'LoadImageFromFile',
        'LoadImageFromNDArray',  # mmseg's, once a picture was read with it
        'LoadAnnotations',
        'MakeEpisode',
        'PackSegInputs',
    }
    resize = [t for t in cfg.test_pipeline if t.type not in plain]
    cfg.model = ConfigDict(plus, module=cfg.model, resize=resize, crop_batch_size=8)
    cfg.test_pipeline = [t for t in cfg.test_pipeline if t.type in plain]
