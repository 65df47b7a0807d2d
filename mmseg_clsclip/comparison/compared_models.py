"""The models that are compared: configs that are run, results that are given."""

import hashlib
import inspect
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmengine.config import Config
from mmseg.registry import MODELS

from mmseg_clsclip_cli.model_files import RANDOM_WEIGHTS
from mmseg_clsclip_cli.required_files import require_files

from ..models.clip.loading import ASSETS
from ..utils import config_options
from ..utils.checkpoint import read_meta
from ..utils.config_files import configs_folder
from ..utils.keys import BASE_CLASSES, SEEN_CLASSES
from ..utils.registered_class import registered_class
from ..version import __version__

BUDGET = 120.0  # seconds for the steps of a model that are measured, about


@dataclass
class ComparedModel:
    """A model that becomes a row of the report.

    Attributes:
        name (str): Of the row.
        config (str, optional): Path of the config, None for a given result.
        checkpoint (str, optional): Its path.
        result (Path, optional): The result that is given.
        random (bool): Whether its costs alone are measured, with the weights
            that it begins with.
        options (list[str]): ``--cfg-options`` that all of its runs take.
        cfg (Config, optional): The config, options merged.
        dataset: The test set, built, of those with a config.
        protocol (dict): Of its figures, as far as is known.
        settings (dict): Metrics, classes and samples, which only a config tells.
        notes (list[str]): Words for its row.
    """

    name: str
    config: str | None = None
    checkpoint: str | None = None
    result: Path | None = None
    random: bool = False
    options: list[str] = field(default_factory=list)
    cfg: Config | None = None
    dataset: object = None
    protocol: dict = field(default_factory=dict)
    settings: dict = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def folder(self) -> str:
        """The name as that of a folder."""
        return re.sub(r'[^\w.+-]+', '-', self.name).strip('.-')

    @property
    def key(self) -> str:
        """A digest that is another one where figures may be others."""
        digest = hashlib.sha256(f'{__version__}\n{self.cfg.pretty_text}'.encode())
        if self.random:
            digest.update(RANDOM_WEIGHTS.encode())
        if self.checkpoint:
            digest.update(Path(self.checkpoint).read_bytes())
        return digest.hexdigest()


def parse_model(words: Sequence[str]) -> ComparedModel:
    """Return the model of ``--model NAME CONFIG [CHECKPOINT]``.

    Raises:
        ValueError: If there are too few or too many words.
    """
    if len(words) not in (2, 3):
        raise ValueError(
            f'--model {" ".join(words)}: write --model NAME CONFIG CHECKPOINT, or '
            'leave out the CHECKPOINT of a model that needs none.'
        )
    if words[2:] == [RANDOM_WEIGHTS]:
        return ComparedModel(*words[:2], random=True)
    if words[2:] == ['none']:  # as tools/test.py has it
        words = words[:2]
    return ComparedModel(*words)


def shipped_models() -> list[ComparedModel]:
    """Return what is shipped, on fold 0 of Shapes-5i; the last four train nothing."""
    ours = dict(ClsCLIP='shapes/clsclip', **{'ClsCLIP+': 'clsclip_plus/clsclip-plus'})
    checkpoint = os.path.relpath(ASSETS / 'clsclip_shapes-5i_fold0.pth')
    models = [
        ComparedModel(name, f'{config}_shapes-5i_fold0.py', checkpoint)
        for name, config in ours.items()
    ] + [
        ComparedModel(name, f'baselines/{name.lower()}_shapes-5i_fold0.py')
        for name in ('MaskCLIP', 'SCLIP', 'NACLIP', 'ClearCLIP')
    ]
    for model in models:
        model.config = os.path.relpath(configs_folder() / model.config)
    return models


def check_names_and_files(models: list[ComparedModel]) -> None:
    """Check that names differ and files exist.

    Raises:
        ValueError: If names are alike or none.
        FileNotFoundError: If a file does not exist.
    """
    folders: dict[str, str] = {}
    for name, folder in ((e.name, e.folder) for e in models):
        if not folder:
            raise ValueError(
                f'{name!r} cannot be the name of a row: write letters or digits.'
            )
        # Some file systems make no difference between a and A.
        other = folders.get(folder.lower())
        if other is not None:
            raise ValueError(
                f'Two rows are called {other!r} and {name!r}: names must '
                'differ in letters or digits.'
            )
        folders[folder.lower()] = name
    for what in ('config', 'checkpoint', 'result'):
        require_files(filter(None, (getattr(e, what) for e in models)), what + 's')


def read_config(model: ComparedModel) -> None:
    """Fill in ``cfg``, and the checkpoint if the config names one.

    Raises:
        ValueError: If it is not a config of a test.
        FileNotFoundError: If the checkpoint that it names does not exist.
    """
    model.cfg = config_options.read_config(model.config)
    missing = [
        key
        for key in ('model', 'test_dataloader', 'test_evaluator')
        if not model.cfg.get(key)
    ]
    if missing:
        raise ValueError(
            f'{model.config} has no {", ".join(missing)}, so '
            'tools/test.py cannot run it. Give the config of a '
            'test.'
        )
    for key in ('test_dataloader', 'train_dataloader'):
        loader = model.cfg.get(key)
        if loader and not (
            isinstance(loader, dict) and isinstance(loader.get('dataset'), dict)
        ):
            raise ValueError(
                f'{model.config}: {key} has no dataset that is '
                "a dict, such as dict(type='EpisodeDataset')."
            )
    # mmengine merges no dict into None.
    hooks = model.cfg.get('default_hooks', {})
    if hooks is not None and not has_record_hook(model.cfg):
        model.options += [
            'default_hooks.evaluation_guard.type=mmseg.EvaluationGuardHook',
            'default_hooks.zero_shot_record.type=mmseg.ZeroShotRecordHook',
        ]
    if model.random:
        model.options += random_options(model.cfg)
        model.notes.append(_name_weights(model.cfg))
        return
    named = model.cfg.get('load_from')
    if not model.checkpoint and named and named != 'none':
        model.checkpoint = named
        require_files([named], 'checkpoints', f'load_from of {model.config} names it.')


def _name_weights(cfg: Config) -> str:
    """Return in words what a model whose costs alone are measured lacks."""
    inner = cfg.model.get('module', cfg.model)
    if 'folder' in inner:  # of transformers
        return (
            f'for its accuracy fetch its weights into {inner.folder}, as '
            'docs/compare.md says'
        )
    if 'architecture' in (inner.get('backbone') or {}):
        return "for its accuracy give CLIP's weights, and a checkpoint if it is trained"
    return 'for its accuracy give its checkpoint'


def random_options(cfg: Config) -> list[str]:
    """Return ``--cfg-options`` by which no weights are read where a model is built.

    mmseg's own models read theirs only when a training begins.
    """
    prefix = 'model.module' if 'module' in cfg.model else 'model'
    inner = cfg.model.get('module', cfg.model)
    if (
        'random_weights'
        in inspect.signature(registered_class(MODELS, inner, prefix)).parameters
    ):
        return [f'{prefix}.random_weights=True']
    # One of open_clip's.
    if 'architecture' in (inner.get('backbone') or {}):
        return [f'{prefix}.backbone.pretrained=None']
    return []


def has_record_hook(cfg: Config) -> bool:
    """Return whether a config has the hook by which results name their protocol."""
    hooks = [
        *(cfg.get('custom_hooks') or ()),
        *(cfg.get('default_hooks') or {}).values(),
    ]
    kinds = [
        hook.get('type') if isinstance(hook, dict) else type(hook) for hook in hooks
    ]
    return any(
        (kind.__name__ if inspect.isclass(kind) else str(kind)).endswith(
            ('ZeroShotRecordHook', 'HonestScoresHook')  # the latter's former name
        )
        for kind in kinds
    )


def read_trained_classes(checkpoint: str) -> list[str]:
    """Read the classes that a checkpoint was trained on, nothing if it names none.

    Raises:
        ValueError: If it cannot be read, or names no list of classes.
        FileNotFoundError: If it does not exist.
    """
    meta = read_meta(checkpoint)
    names = meta.get(SEEN_CLASSES)  # an earlier training included
    trained = meta.get('dataset_meta')
    if not names and isinstance(trained, dict):
        names = trained.get(BASE_CLASSES)
    names = names or []
    if not isinstance(names, (list, tuple)):
        raise ValueError(
            f'{checkpoint}: what it says that it was trained on is '
            f'{str(names)[:60]!r}, not a list of classes.'
        )
    return list(names)
