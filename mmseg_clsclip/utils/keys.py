"""Keys by which data sets, samples, results and checkpoints are understood.

Files that never import each other agree on them, and a user's config may
write them, too.
"""

from typing import TypedDict

# Of a sample's metainfo: the one class that it asks for.
CLASS_NAME = 'class_name'
# Of a sample's metainfo, if true: an only channel stays a logit, of which mmseg
# makes a probability that says little of large ones.
KEEP_LOGIT = 'keep_logit'
# Of a predicted sample: which names of the vocabulary masks were asked of, if not
# of all: ``asked`` (K,), bool.
PRESENCE = 'presence'
# Of a data set's metainfo, see DatasetMeta.
NOVEL_CLASSES = 'novel_classes'
BASE_CLASSES = 'base_classes'
PROTOCOL = 'protocol'
# Of a checkpoint's meta: every class whose masks were ever trained on.
SEEN_CLASSES = 'seen_classes'
# Of a checkpoint's meta and a protocol: the value, if no classes are named.
TRAINED_ON = 'trained_on'
UNKNOWN = 'unknown'


class Protocol(TypedDict, total=False):
    """Everything that a figure depends on; other data sets may say more.

    Attributes:
        dataset: Its name.
        fold: Which classes are novel.
        split: Of its pictures.
        pictures_of: The file that names them, if it is not the split's own.
        pictures: How many there are, if none is asked class by class.
        seed: Of a drawn world, if not 0.
        novel_handling: What became of novel classes' pixels in training.
        list: Where the eligible pairs are from.
        list_files: The files' names, if from files.
        pairs: How many are eligible.
        episodes: Which of them are asked, and in which order.
        test_classes: Among which of them they are drawn, if not as usual.
        classes: How many there are, if all are asked together.
        unseen_classes: Names of those that count as unseen.
        seen_classes: Which classes count as seen, in words.
        size_bounds: Areas between small, medium and large masks.
        score_size: "HxW" of the masks that are counted, if not the pictures'.
        trained_on_unseen: Unseen classes that training saw.
        trained_on: "unknown" if the checkpoint does not name classes.
        random_weights: True if figures mean nothing.
        input_size: Of what the model sees, "HxW" or in words.
        views: Of a picture, joined by test-time augmentation.
        proposals: Their source, "none" without zoom-in.
        geometry: If it is not mmseg's.
        presence: Which names of a vocabulary are asked, if not all.
    """

    dataset: str
    fold: int
    split: str
    pictures_of: str
    pictures: int
    seed: int
    novel_handling: str
    list: str
    list_files: list[str]
    pairs: int
    episodes: str
    test_classes: str
    classes: int
    unseen_classes: list[str]
    seen_classes: str
    size_bounds: list[int]
    score_size: str
    trained_on_unseen: list[str]
    trained_on: str
    random_weights: bool
    input_size: str
    views: int | list[int]
    proposals: str
    geometry: str
    presence: str


class DatasetMeta(TypedDict, total=False):
    """Metainfo of a data set.

    Attributes:
        classes: Names in the order of the labels.
        palette: Their colours, RGB.
        novel_classes: Those whose masks training must not see.
        base_classes: Those whose masks it sees; the background is neither.
        protocol: See :class:`Protocol`.
    """

    classes: tuple[str, ...]
    palette: list[list[int]]
    novel_classes: tuple[str, ...]
    base_classes: tuple[str, ...]
    protocol: Protocol
