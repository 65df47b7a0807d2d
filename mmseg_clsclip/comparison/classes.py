"""The classes that a config trains on, and those that its test counts as unseen."""

from mmengine.config import Config
from mmseg.registry import DATASETS, METRICS

from ..datasets import EpisodeDataset
from ..datasets.folds import FoldDataset
from ..datasets.masks import is_background
from ..evaluation import EpisodeIoUMetric, GeneralizedZeroShotIoUMetric
from ..utils.keys import NOVEL_CLASSES
from ..utils.registered_class import registered_class


def metric_configs(cfg: Config) -> list[dict]:
    """Return the configs of the test's metrics, of which there are one or more."""
    given = cfg.test_evaluator
    return list(given) if isinstance(given, (list, tuple)) else [given]


def unseen_classes(cfg: Config, meta: dict) -> tuple[list[str], bool]:
    """Return the novel classes of a test, and whether a metric counts them.

    Args:
        cfg (Config): Of the test.
        meta (dict): Metainfo of the test set.
    """
    names, counts = list(meta.get(NOVEL_CLASSES, ())), False
    for metric in metric_configs(cfg):
        kind = registered_class(METRICS, metric, 'test_evaluator')
        if issubclass(kind, GeneralizedZeroShotIoUMetric):
            return list(metric.get('unseen_classes') or names), True
        counts = counts or issubclass(kind, EpisodeIoUMetric)
    return names, counts


def training_classes(cfg: dict) -> set[str]:
    """Return the classes whose masks a training set shows, without reading any.

    Args:
        cfg (dict): Of the data set, with whatever is wrapped around it.
    """
    if 'datasets' in cfg:
        return set().union(*map(training_classes, cfg['datasets']))
    kind = registered_class(DATASETS, cfg, 'dataset')
    if issubclass(kind, FoldDataset):
        names = kind.META['classes']
        novel = [names[k] for k in kind.novel(cfg.get('fold', 0))]
    elif issubclass(kind, EpisodeDataset):
        names = training_classes(cfg['dataset'])
        novel = _metainfo(cfg['dataset']).get(NOVEL_CLASSES, ())
    elif 'dataset' in cfg:
        return training_classes(cfg['dataset'])
    else:
        names, novel = _metainfo(cfg).get('classes', ()), ()
    if cfg.get('novel_classes') is not None:
        novel = cfg['novel_classes']
    return {n for n in names if not is_background(n)} - set(novel)


def _metainfo(cfg: dict) -> dict:
    """Return the metainfo of a data set whose files need not be there, or {}."""
    # lazy_init would not reach what is wrapped.
    inner, *_ = cfg.get('datasets') or [cfg.get('dataset')]
    if isinstance(inner, dict):
        return _metainfo(inner)
    plain = {k: v for k, v in cfg.items() if k != 'pipeline'}
    try:
        return DATASETS.build(dict(plain, lazy_init=True)).metainfo
    # TypeError: it is not mmengine's and knows no lazy_init. mmseg asserts
    # that the files of some, VOC's among them, are there.
    except (TypeError, AssertionError):
        meta = getattr(registered_class(DATASETS, cfg, 'dataset'), 'METAINFO', {})
        given = cfg.get('metainfo')
        return {**meta, **(given if isinstance(given, dict) else {})}
