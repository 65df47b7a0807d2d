"""Checks, before anything is run, that figures belong in one table."""

import hashlib
from pathlib import PurePath

from mmseg.registry import DATASETS, METRICS

from ..datasets import EpisodeDataset
from ..datasets.coco import seen_among
from ..evaluation.protocol import dataset_protocol
from ..evaluation.results import read_result
from ..utils.registered_class import parameters_of, registered_class
from . import classes
from .compared_models import ComparedModel, read_trained_classes

# Figures of one table may differ in these; then each row says its own.
MAY_DIFFER = (
    'proposals',
    'presence',
    'views',
    'input_size',
    'novel_handling',
    'trained_on',
)
# And in this, which a row's name and note say.
MARKED_IN_NAME = ('random_weights',)
# tools/test.py sets these, or they change no figure. mmengine adds the last
# where a config inherits one of another package.
WITHOUT_EFFECT = (
    'type',
    'output_dir',
    'keep_results',
    'prefix',
    'collect_device',
    '_scope_',
)


def ask_for_same_classes(models: list[ComparedModel]) -> list[str]:
    """Let all models be asked for all classes, unless all ask for novel ones alone.

    Returns:
        list[str]: The names of those that are asked for more than their
        config says.
    """
    novel = []
    episodes = [
        model
        for model in models
        if model.cfg and issubclass(_test_set(model), EpisodeDataset)
    ]
    for model in episodes:
        default = _test_set(model).ASKS_FOR
        if model.cfg.test_dataloader.dataset.get('test_classes', default) == 'novel':
            novel.append(model)
    if len(novel) == len(episodes):
        return []
    for model in novel:
        model.options.append('test_dataloader.dataset.test_classes=all')
        model.cfg.test_dataloader.dataset.test_classes = 'all'
    return [model.name for model in novel]


def _test_set(model: ComparedModel) -> type:
    return registered_class(DATASETS, model.cfg.test_dataloader.dataset, 'dataset')


def describe_protocols(models: list[ComparedModel]) -> None:
    """Fill in the protocol by which each will be, or was, measured.

    Raises:
        ValueError: If a test set cannot be built, or a result does not name
            its protocol.
    """
    built: dict[str, object] = {}
    for model in models:
        if model.result:
            model.protocol = read_result(model.result)['protocol']
            if not model.protocol:
                raise ValueError(
                    f'{model.result} does not name its protocol, so it '
                    'cannot be compared. Give its config and '
                    'checkpoint by --model instead.'
                )
            continue
        cfg = model.cfg.test_dataloader.dataset
        key = repr({k: v for k, v in cfg.items() if k != 'pipeline'})
        try:
            # To count masks takes long; the pipeline changes no pair.
            model.dataset = built[key] = built.get(key) or DATASETS.build(cfg)
        except Exception as error:  # whatever a data set can raise
            raise ValueError(
                f'{model.name}: the test set of {model.config} cannot be built: {error}'
            ) from error
        meta = model.dataset.metainfo
        model.protocol = dataset_protocol(model.dataset)
        model.settings = dict(
            metric=[
                metric_options(metric) for metric in classes.metric_configs(model.cfg)
            ],
            classes=tuple(meta['classes']),
            samples=_samples(model.dataset),
        )


def metric_options(metric: dict) -> dict:
    """Return the options of a metric, defaults included."""
    kind = registered_class(METRICS, metric, 'test_evaluator')
    defaults = {
        key: parameter.default
        for key, parameter in parameters_of(kind).items()
        if parameter.default is not parameter.empty
    }
    options = {
        key: value
        for key, value in sorted({**defaults, **metric}.items())
        if key not in WITHOUT_EFFECT
    }
    return dict(type=kind.__name__, **options)


def _samples(dataset) -> str:
    """Return number and fingerprint of samples, wherever the data set lies."""
    digest = hashlib.sha256()
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        path = '/'.join(PurePath(info['img_path']).parts[-2:])
        digest.update(f'{path} {info.get("class_name")}\n'.encode())
    return f'{len(dataset)} (fingerprint {digest.hexdigest()[:8]})'


def training_note(classes: list[str]) -> str:
    """Return the note of a row that has seen masks of novel classes."""
    return (
        f'trained on masks of {", ".join(map(str, classes))} too, which '
        'are novel in this fold'
    )


def check_training(model: ComparedModel) -> None:
    """Check that training saw no mask of a class that counts as unseen.

    Where the metric does not tell unseen classes from others the model may
    have seen all; then a note says so.

    Raises:
        ValueError: If it did, with the classes.
    """
    unseen, counts = classes.unseen_classes(model.cfg, model.dataset.metainfo)
    sources = {}
    if model.cfg.get('train_dataloader'):
        dataset = model.cfg.train_dataloader.dataset
        try:
            sources[f'the train_dataloader of {model.config}'] = (
                classes.training_classes(dataset)
            )
        except (KeyError, TypeError) as error:
            raise ValueError(
                f'{model.config}: the training classes cannot be read from its '
                f'train_dataloader, there is no {error} in {str(dataset)[:60]}. '
                'Correct it, or write train_dataloader = None.'
            ) from error
    if model.checkpoint:
        sources[model.checkpoint] = read_trained_classes(model.checkpoint)
    for source, trained in sources.items():
        seen = seen_among(unseen, trained)
        if seen and counts:
            raise ValueError(
                f'{model.name}: by {source} it was trained on masks of '
                f'{", ".join(seen)}, which the test counts as unseen. Take '
                "the config and the checkpoint of the test's fold."
            )
        if seen:
            model.notes = list(dict.fromkeys([*model.notes, training_note(seen)]))


def _must_agree(key: str, one: ComparedModel, other: ComparedModel) -> bool:
    """Return whether figures with different entries cannot be compared."""
    if key == 'trained_on_unseen':
        # Where no figure is of unseen classes, a note says it.
        return any(
            name in model.protocol
            for model in (one, other)
            for name in ('unseen_classes', 'seen_classes')
        )
    return key not in (*MAY_DIFFER, *MARKED_IN_NAME)


def check_comparable(one: ComparedModel, other: ComparedModel) -> None:
    """Check that two models are measured in the same way, as far as is known.

    Before it has run a config tells less than a result: what the metric adds
    to the protocol is compared afterwards.

    Raises:
        ValueError: If they do not, with what differs.
    """
    differing = [
        f'{key}: {one.protocol.get(key, "not named")} in {one.name}, '
        f'{other.protocol.get(key, "not named")} in {other.name}'
        for key in dict.fromkeys([*one.protocol, *other.protocol])
        if _must_agree(key, one, other)
        and one.protocol.get(key) != other.protocol.get(key)
        and all(key in e.protocol or e.result for e in (one, other))
    ]
    if not (one.result or other.result):
        differing += [
            f'{key}: {value} in {one.name}, {other.settings[key]} in {other.name}'
            for key, value in one.settings.items()
            if value != other.settings[key]
        ]
    if differing:
        raise ValueError(
            f'{one.name} and {other.name} do not measure the same, so their '
            'figures do not belong in one table:\n  ' + '\n  '.join(differing)
        )
