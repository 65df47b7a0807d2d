"""Do figures belong in one table? Asked before anything is run."""

import hashlib
import inspect
from pathlib import PurePath

from mmseg.registry import DATASETS, METRICS

from .. import EpisodeDataset
from ..datasets.coco import seen_among
from ..evaluation.protocol import dataset_protocol
from ..evaluation.results import read_result
from . import classes
from .compared_models import Entrant, training_meta

# Figures of one table may differ in these; then each row says its own.
MAY_DIFFER = ('proposals', 'views', 'input_size', 'novel_handling')
# And in this, which a row's name and note say.
SAID = ('random_weights',)
# tools/test.py sets these, or they change no figure. mmengine adds the last
# where a config inherits one of another package.
NO_FIGURE = (
    'type',
    'output_dir',
    'keep_results',
    'prefix',
    'collect_device',
    '_scope_',
)


def ask_alike(entrants: list[Entrant]) -> list[str]:
    """Where some ask for the novel classes alone, ask for all like the rest.

    Returns:
        list[str]: The names of those that are asked for more than their
        config says.
    """
    novel = []
    episodes = [
        e for e in entrants if e.cfg and issubclass(_test_set(e), EpisodeDataset)
    ]
    for entrant in episodes:
        default = (
            inspect.signature(_test_set(entrant)).parameters['test_classes'].default
        )
        if entrant.cfg.test_dataloader.dataset.get('test_classes', default) == 'novel':
            novel.append(entrant)
    if len(novel) == len(episodes):
        return []
    for entrant in novel:
        entrant.options.append('test_dataloader.dataset.test_classes=all')
        entrant.cfg.test_dataloader.dataset.test_classes = 'all'
    return [entrant.name for entrant in novel]


def _test_set(entrant: Entrant) -> type:
    return classes.class_of(DATASETS, entrant.cfg.test_dataloader.dataset)


def describe(entrants: list[Entrant]) -> None:
    """Fill in what each will measure, or has measured.

    Raises:
        ValueError: If a test set cannot be built, or a result does not name
            its protocol.
    """
    built: dict[str, object] = {}
    for entrant in entrants:
        if entrant.result:
            entrant.protocol = read_result(entrant.result)['protocol']
            if not entrant.protocol:
                raise ValueError(
                    f'{entrant.result} does not name its protocol, so nobody '
                    'can tell what it may stand beside. Give its config and '
                    'checkpoint by --model instead.'
                )
            continue
        cfg = entrant.cfg.test_dataloader.dataset
        key = repr({k: v for k, v in cfg.items() if k != 'pipeline'})
        try:
            # To count masks takes long; the pipeline changes no pair.
            entrant.dataset = built[key] = built.get(key) or DATASETS.build(cfg)
        except Exception as error:  # whatever a data set can raise
            raise ValueError(
                f'{entrant.name}: the test set of '
                f'{entrant.config} cannot be built: {error}'
            ) from error
        meta = entrant.dataset.metainfo
        entrant.protocol = dataset_protocol(entrant.dataset)
        entrant.settings = dict(
            metric=[_options(metric) for metric in classes.metrics(entrant.cfg)],
            classes=tuple(meta['classes']),
            samples=_samples(entrant.dataset),
        )


def _options(metric: dict) -> dict:
    """What a metric is set to, said or not."""
    kind = classes.class_of(METRICS, metric)
    defaults = {
        key: parameter.default
        for key, parameter in inspect.signature(kind).parameters.items()
        if parameter.default is not parameter.empty
    }
    options = {
        key: value
        for key, value in sorted({**defaults, **metric}.items())
        if key not in NO_FIGURE
    }
    return dict(type=kind.__name__, **options)


def _samples(dataset) -> str:
    """How many, and which, wherever the data set lies."""
    digest = hashlib.sha256()
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        path = '/'.join(PurePath(info['img_path']).parts[-2:])
        digest.update(f'{path} {info.get("class_name")}\n'.encode())
    return f'{len(dataset)} (fingerprint {digest.hexdigest()[:8]})'


def trained_on(classes: list[str]) -> str:
    """The note of a row that has seen masks of novel classes."""
    return (
        f'trained on masks of {", ".join(map(str, classes))} too, which '
        'are novel in this fold'
    )


def check_training(entrant: Entrant) -> None:
    """Its training saw no mask of a class that counts as unseen.

    Where the metric does not tell unseen classes from others the model may
    have seen all; then a note says so.

    Raises:
        ValueError: If it did, with the classes.
    """
    unseen, counts = classes.unseen(entrant.cfg, entrant.dataset.metainfo)
    sources = {}
    if entrant.cfg.get('train_dataloader'):
        dataset = entrant.cfg.train_dataloader.dataset
        try:
            sources[f'the train_dataloader of {entrant.config}'] = classes.of_training(
                dataset
            )
        except (KeyError, TypeError) as error:
            raise ValueError(
                f'{entrant.config}: what its train_dataloader shows cannot '
                f'be told, there is no {error} in {str(dataset)[:60]}. Mend '
                'it, or write train_dataloader = None.'
            ) from error
    if entrant.checkpoint:
        sources[entrant.checkpoint] = training_meta(entrant.checkpoint).get(
            'base_classes', ()
        )
    for source, trained in sources.items():
        seen = seen_among(unseen, trained)
        if seen and counts:
            raise ValueError(
                f'{entrant.name}: by {source} it was trained on masks of '
                f'{", ".join(seen)}, which the test counts as unseen. Take '
                "the config and the checkpoint of the test's fold."
            )
        if seen:
            entrant.notes = [trained_on(seen)]


def _must_agree(key: str, one: Entrant, other: Entrant) -> bool:
    """Whether figures are of another kind where an entry differs."""
    if key == 'trained_on_unseen':
        # Where no figure is of unseen classes, a note says it.
        return any(
            name in entrant.protocol
            for entrant in (one, other)
            for name in ('unseen_classes', 'seen_classes')
        )
    return key not in (*MAY_DIFFER, *SAID)


def check_alike(one: Entrant, other: Entrant) -> None:
    """Both measure the same, as far as is known.

    Before it has run a config tells less than a result: what the metric adds
    to the protocol is compared afterwards.

    Raises:
        ValueError: If they do not, with what differs.
    """
    told = [
        f'{key}: {one.protocol.get(key, "not named")} in {one.name}, '
        f'{other.protocol.get(key, "not named")} in {other.name}'
        for key in dict.fromkeys([*one.protocol, *other.protocol])
        if _must_agree(key, one, other)
        and one.protocol.get(key) != other.protocol.get(key)
        and all(key in e.protocol or e.result for e in (one, other))
    ]
    if not (one.result or other.result):
        told += [
            f'{key}: {value} in {one.name}, {other.settings[key]} in {other.name}'
            for key, value in one.settings.items()
            if value != other.settings[key]
        ]
    if told:
        raise ValueError(
            f'{one.name} and {other.name} do not measure the same, so their '
            'figures do not belong in one table:\n  ' + '\n  '.join(told)
        )
