"""Checks between training, test and model."""

from collections.abc import Sequence

from mmengine.config import Config

from ..comparison import classes
from ..datasets.coco import seen_among
from ..datasets.episode_lists import picture_id
from ..models.text_encoders.vocabulary import read_vocabulary
from .datasets_in_config import PlainDataset
from .findings import Finding
from .read_pair import Pair


def find_shared_pictures(
    train: Sequence[Pair], test: Sequence[Pair], split: str, first: str = 'train'
) -> list[Finding]:
    """Find pictures that are trained on and tested.

    Args:
        train (Sequence[Pair]): Of the training set, or of another by which a
            checkpoint is chosen.
        test (Sequence[Pair]): Of the other one.
        split (str): What that is called.
        first (str): What the former is called.
    """
    content = {p.digest: p.picture for p in train if p.digest}
    same = [p for p in test if p.digest in content]
    names = {picture_id(p.picture) for p in train}
    alike = [
        p.picture
        for p in test
        if picture_id(p.picture) in names and p.digest not in content
    ]
    return [
        Finding(level, what, hint, items)
        for level, what, hint, items in (
            (
                'error',
                f'pictures are in {first} and in {split}',
                'The same bytes: take them out of one.',
                [f'{p.picture} (is {content[p.digest]})' for p in same],
            ),
            (
                'warning',
                f'names are in {first} and in {split}',
                'The bytes differ: fine if these are different pictures.',
                alike,
            ),
        )
        if items
    ]


def find_trained_unseen(cfg: Config, test: PlainDataset) -> list[Finding]:
    """Find classes that the test counts as unseen and training shows.

    Args:
        cfg (Config): With a ``train_dataloader``.
        test (PlainDataset): Of its test set.
    """
    if not cfg.get('test_evaluator'):
        return []
    meta = dict(test.dataset.metainfo, novel_classes=test.novel)
    unseen, counts = classes.unseen_classes(cfg, meta)
    trained = classes.training_classes(cfg.train_dataloader.dataset)
    both = seen_among(unseen, trained) if counts else []
    return (
        [
            Finding(
                'error',
                'classes are trained on and count as unseen in testing',
                'Give both data sets the same novel_classes, and training an '
                'EpisodeDataset, which leaves them out.',
                both,
            )
        ]
        if both
        else []
    )


def compare_vocabulary(cfg: Config, test: PlainDataset) -> list[Finding]:
    """Compare the model's names with the data set's, where all are asked.

    Args:
        cfg (Config): With a model, or there is nothing to tell.
        test (PlainDataset): Of its test set. Episodes are asked by name.
    """
    model = cfg.get('model') or {}
    model = model.get('module', model)
    given = model.get('text_encoder', {}).get('vocabulary')
    if test.episodes or given is None or isinstance(given, dict):
        return []
    hint = (
        'Channel k of the model is label k of the masks: give '
        'model.text_encoder.vocabulary the names of the data set, in order.'
    )
    try:
        names = [synonyms[0] for synonyms in read_vocabulary(given)]
    except ValueError as error:
        return [Finding('error', 'the vocabulary is invalid', str(error))]
    names = ['background'] * bool(model.get('with_background', True)) + names
    meant = list(test.dataset.metainfo['classes'])
    differ = [
        f'{k}: {a!r} in the data set, {b!r} in the model'
        for k, (a, b) in enumerate(zip(meant, names))
        if a != b
    ]
    if len(names) != len(meant):
        return [
            Finding(
                'error',
                f'the model answers with {len(names)} channels, the '
                f'data set has {len(meant)} classes',
                hint,
                differ,
            )
        ]
    return (
        [Finding('warning', 'names of model and data set differ', hint, differ)]
        if differ
        else []
    )
