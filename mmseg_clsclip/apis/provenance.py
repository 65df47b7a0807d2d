"""Provenance: which model said what is written."""

import hashlib
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from mmengine.config import Config
from torch import nn

from ..engine.hooks.unwrapping import find_proposals
from ..models.backbones.clip_vit import CLIPVisionTransformer
from ..models.segmentors.wrappers import find_presence, innermost_model
from ..utils.config_files import configs_folder
from ..version import __version__


@dataclass(frozen=True)
class Provenance:
    """What tells one model's results from another's.

    Attributes:
        version (str): Of this package.
        config (str, optional): Its path, from ``configs/`` on if it is the
            project's. None of one that was made in Python.
        cfg_options (dict): What took the place of values in it.
        checkpoint (str, optional): Name of the file.
        checkpoint_sha256 (str, optional): Of its bytes; None if it is no file.
        clip (str, optional): ``architecture@fingerprint``; None of a model that
            stands on no CLIP of ours.
        presence (str, optional): Which names are asked, see
            :meth:`CLIPPresence.describe`; None if all are.
        proposals (str, optional): Where a zoom-in's boxes come from.
    """

    version: str = __version__
    config: str | None = None
    cfg_options: dict = field(default_factory=dict)
    checkpoint: str | None = None
    checkpoint_sha256: str | None = None
    clip: str | None = None
    presence: str | None = None
    proposals: str | None = None

    def asked_of(self, model: nn.Module) -> 'Provenance':
        """Return the same with presence and proposals as the model has them now."""
        proposals = find_proposals(model)
        return replace(
            self,
            presence=find_presence(model),
            proposals=proposals and proposals.describe(),
        )


def trace(
    model: nn.Module, checkpoint: str | Path | None, cfg_options: dict | None
) -> Provenance:
    """Return where a model comes from, as mmseg's ``init_model`` builds it.

    Args:
        model (nn.Module): With its config as ``cfg``.
        checkpoint (str, optional): That was loaded.
        cfg_options (dict, optional): That were merged into the config.
    """
    # Not Path's own, which raises where ~ is no user's.
    file = None if checkpoint is None else Path(os.path.expanduser(checkpoint))
    backbone = innermost_model(model).backbone
    stands_on_ours = isinstance(backbone, CLIPVisionTransformer)
    return Provenance(
        config=_name_config(model.cfg),
        cfg_options=dict(cfg_options or {}),
        checkpoint=file and file.name,
        checkpoint_sha256=(
            hashlib.sha256(file.read_bytes()).hexdigest()
            if file and file.is_file()
            else None
        ),
        clip=backbone.clip_name if stands_on_ours else None,
    )


def _name_config(cfg: Config) -> str | None:
    """Return the path of a config, from ``configs/`` on if it lies there."""
    if not cfg.filename:
        return None
    path, ours = Path(os.path.abspath(cfg.filename)), configs_folder()
    if path.is_relative_to(ours):
        return path.relative_to(ours).as_posix()
    return Path(cfg.filename).as_posix()


def knows_drawn_world(segmentor: dict) -> bool:
    """Return whether a segmentor's config asks the shipped CLIP.

    Whatever stands on it: it has read of drawn shapes alone.
    """
    return segmentor.get('backbone', {}).get('pretrained') == 'shipped'


def is_drawn(picture: object) -> bool:
    """Return whether a picture is an address of Shapes-5i, and so known as drawn."""
    return isinstance(picture, str) and picture.startswith('shapes-5i://')
