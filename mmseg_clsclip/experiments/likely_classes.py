"""What asking only for the likeliest classes costs and saves on Shapes-5i."""

from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS, MODELS

from .layout import CHECKPOINT, WHOLE_CONFIG
from .tool_runs import TestRun, run_tests


@torch.no_grad()
def rank_own_classes(num_pictures: int) -> list[list[int]]:
    """Rank each picture's own classes among all, the likeliest being 0.

    Pictures without any class are left out.
    """
    import mmseg.models  # noqa: F401  (a library)

    init_default_scope('mmseg')
    cfg = Config.fromfile(WHOLE_CONFIG)
    model = MODELS.build(cfg.model).eval()
    cfg.test_dataloader.dataset.length = num_pictures
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    ranks = []
    for index in range(num_pictures):
        data = model.data_preprocessor(pseudo_collate([dataset[index]]))
        labels = data['data_samples'][0].gt_sem_seg.data.unique().tolist()
        similarity = model.similarity(
            model.shared_features(data['inputs']), model.text_encoder()[None]
        )[0]
        rank_of = similarity.argsort(descending=True).argsort().tolist()
        ranks.append([rank_of[label - 1] for label in labels if 0 < label < 255])
    return [own for own in ranks if own]


def recall(ranks: list[list[int]], keep: int) -> float:
    """Return the share of own classes that are kept, mean of pictures, in per cent."""
    return 100 * mean(mean(rank < keep for rank in own) for own in ranks)


def miou_whole(keep: int, folds: Sequence[int], num_pictures: int, out: Path) -> float:
    """Return the mIoU of the whole vocabulary, mean of folds, in per cent.

    Args:
        keep (int): The classes of a picture that are asked for.
        folds (Sequence[int]): Whose shipped heads are tested.
        num_pictures (int): That they are tested on.
        out (Path): Where the logs go.
    """
    options = [
        f'model.test_cfg.keep_classes={keep}',
        f'test_dataloader.dataset.length={num_pictures}',
    ]
    scores = run_tests(
        {
            (f'keep{keep}', str(fold)): TestRun(
                WHOLE_CONFIG, CHECKPOINT.format(fold=fold), options
            )
            for fold in folds
        },
        out,
    )
    return mean(score['mIoU'] for score in scores.values())
