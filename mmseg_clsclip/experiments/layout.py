"""Where the configs and the shipped heads of Shapes-5i lie."""

from ..datasets.folds import NUM_FOLDS
from ..models.clip.loading import ASSETS
from ..utils.config_files import configs_folder

ROOT = configs_folder().parent  # tools/ is there, too
FOLDS = range(NUM_FOLDS)
ABLATION_FOLDS = 0, 1  # of the study's ablations, and of what asks for all names
# Of a model by the beginning of its files' names: for one class a sample; for the
# whole vocabulary, seen and unseen classes at once, of fold 0; the same with a
# presence, calibrated for each fold.
EPISODES = str(ROOT / 'configs/shapes/{model}_shapes-5i_fold{{fold}}.py')
WHOLE = str(ROOT / 'configs/generalized/{model}_shapes-15-5.py')
PRESENCE = str(
    ROOT / 'configs/generalized/{model}-presence_shapes-15-5_fold{{fold}}.py'
)
HEADS = str(ASSETS / '{model}_shapes-5i_fold{{fold}}.pth')
PAPER, GATE = 'clsclip', 'clsclip-gate'
CONFIG, CHECKPOINT = (text.format(model=PAPER) for text in (EPISODES, HEADS))
# The sources of ClsCLIP+'s boxes: a config of each, for fold 0.
PLUS_CONFIGS = {
    source: str(ROOT / f'configs/clsclip_plus/clsclip-plus_shapes-5i_fold0{suffix}.py')
    for source, suffix in dict(
        windows='_windows', self='', detector='_detector', ground_truth='_ground-truth'
    ).items()
}


def fold_option(fold: int, whole: bool = False) -> str:
    """Return the option that tests the config of one fold on another.

    Args:
        fold (int): The other.
        whole (bool): Whether the config asks for the whole vocabulary, and has no
            ``EpisodeDataset`` around its data set.
    """
    return f'test_dataloader.dataset.{"" if whole else "dataset."}fold={fold}'
