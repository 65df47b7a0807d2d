"""Episodes as BAM, ESDA, HSNet and LSeg draw them, against plain code like theirs."""

import pickle
import random
from collections import Counter

import numpy as np
import pytest
import torch
from mmseg.registry import DATASETS
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from mmseg_clsclip.datasets import PASCAL5iDataset
from mmseg_clsclip.datasets.episode_draws import EpisodeDraw

# The workers are theirs, not what this machine has processors for.
pytestmark = pytest.mark.filterwarnings('ignore:This DataLoader will create')

SIZE = 64, 100  # 2,048 pixels are 32 columns


def save(root, masks, pictures, name, labels):
    """A picture whose mask has columns of each label: 20, too few, or 40."""
    for folder in (masks, pictures):
        (root / folder).mkdir(parents=True, exist_ok=True)
    mask, left = np.zeros(SIZE, np.uint8), 0
    for label, width in labels:
        mask[:, left : left + width] = label
        left += width
    mask[:, -1] = 255
    Image.fromarray(mask).save(root / masks / f'{name}.png')
    Image.fromarray(np.zeros((*SIZE, 3), np.uint8)).save(
        root / pictures / f'{name}.jpg'
    )


def some_labels(rng, labels):
    """One to three different labels, the first of which alone is large."""
    chosen = rng.permutation(labels)[: rng.randint(1, 4)].tolist()
    return list(zip(chosen, (40, 20, 20)))


def build(kind, root, **kwargs):
    return DATASETS.build(dict(type=kind, data_root=str(root), pipeline=[], **kwargs))


def asked(data):
    """File name and class of every sample, in order."""
    infos = map(data.get_data_info, range(len(data)))
    return [(i['img_path'].split('/')[-1][:-4], i['class_name']) for i in infos]


class TheirData(Dataset):
    """What a worker of BAM's or ESDA's data loader does, drawing by ``random``."""

    def __init__(self, folder, names, novel, with_support):
        self.names, self.with_support, self.labels = names, with_support, []
        self.files = {label: [] for label in novel}
        for name in names:
            mask = np.asarray(Image.open(folder / f'{name}.png'))
            self.labels.append([c for c in np.unique(mask).tolist() if c in novel])
            for label in self.labels[-1]:
                if (mask == label).sum() >= 2 * 32 * 32:
                    self.files[label].append(name)

    def __len__(self):
        return len(self.names)

    def __getitem__(self, index):
        labels = self.labels[index]
        label = labels[random.randint(1, len(labels)) - 1]
        if self.with_support:
            files = self.files[label]
            random.randint(1, len(files))
            support = self.names[index]
            while support == self.names[index]:
                support = files[random.randint(1, len(files)) - 1]
        return index, label


def their_episodes(theirs, seed):
    """A thousand steps through the loader, not shuffled, round after round."""
    loader, steps = DataLoader(theirs, batch_size=1, num_workers=8), []
    torch.manual_seed(seed)
    while len(steps) < 1000:
        for index, label in loader:
            steps.append((theirs.names[index.item()], label.item()))
    return steps[:1000]


@pytest.fixture(scope='module')
def voc(tmp_path_factory):
    """370 pictures as in PASCAL-5i's fold 0, and some of other folds."""
    root, rng = tmp_path_factory.mktemp('voc'), np.random.RandomState(0)
    names = [f'2007_{number:06d}' for number in range(400)]
    for number, name in enumerate(names):
        labels = some_labels(rng, range(1, 6))
        if number % 13 == 0:  # novel classes, but too small to be listed for
            labels = [(20, 40), (1, 20)]
        save(root, 'SegmentationClassAug', 'JPEGImages', name, labels)
    path = root / 'ImageSets/Segmentation/val.txt'
    path.parent.mkdir(parents=True)
    path.write_text('\n'.join(names))
    return root


@pytest.mark.parametrize('seed', [None, 365])
@pytest.mark.parametrize('way, theirs', [('bam', 510), ('esda', 923)])
def test_bams_and_esdas_on_pascal(voc, way, theirs, seed):
    data = build('PASCAL5iDataset', voc, episodes=way, seed=seed)
    once = asked(build('PASCAL5iDataset', voc))
    listed = sorted({name for name, _ in once})
    assert len(listed) == 369
    reference = TheirData(
        voc / 'SegmentationClassAug', listed, range(1, 6), with_support=way == 'bam'
    )
    classes = data.metainfo['classes']
    expected = [
        (name, classes[label])
        for name, label in their_episodes(reference, seed or theirs)
    ]
    assert asked(data) == expected
    # In the list's order, and of some pictures a class that has too few pixels.
    assert [name for name, _ in expected] == (3 * listed)[:1000]
    assert len(set(expected) - set(once)) > 100
    name = dict(bam='BAM', esda='ESDA')[way]
    assert data.metainfo['protocol']['pairs'] == len(once)
    assert data.metainfo['protocol']['episodes'] == (
        f'1000 as {name} draws them, seed {seed or theirs}'
    )


def test_bams_five_seeds_and_esdas_one():
    """Each script draws its seeds by another."""
    for first, number, seeds in ((123, 5, [510, 365, 382, 322, 988]), (456, 1, [923])):
        rng = np.random.RandomState(first)
        assert rng.randint(0, 1000, number).tolist() == seeds


def test_hsnets_and_lsegs_on_pascal_go_round_their_list(voc):
    pairs = [(f'2007_{n:06d}', 1 + n % 5) for n in np.random.permutation(346)]
    path = voc / 'fold0.txt'
    path.write_text(''.join(f'{name}__{label:02d}\n' for name, label in pairs))
    for way, name in (('hsnet', 'HSNet'), ('lseg', 'LSeg')):
        data = build('PASCAL5iDataset', voc, episodes=way, list_file=str(path))
        classes = data.metainfo['classes']
        assert asked(data) == [
            (name, classes[label]) for name, label in (3 * pairs)[:1000]
        ]
        assert data.metainfo['protocol']['episodes'] == (
            f'1000 as {name} draws them, in order'
        )


@pytest.fixture(scope='module')
def coco(tmp_path_factory):
    """Pictures of which most show a person, as of COCO-20i's fold 0."""
    root, rng = tmp_path_factory.mktemp('coco'), np.random.RandomState(1)
    for number in range(1400):
        labels = some_labels(rng, [1, 1 + 4 * rng.randint(1, 20), 2])
        if not {label for label, _ in labels} - {2}:
            labels = [(1, 40)]
        name = f'COCO_val2014_{number:012d}'
        save(root, 'annotations/val2014', 'val2014', name, labels)
    return root


def listed_by_class(root):
    """HSNet's dict: by class from 0, the pictures' names with their folder."""
    pictures = {label: [] for label in range(0, 80, 4)}
    for path in sorted((root / 'annotations/val2014').glob('*.png')):
        for label in np.unique(np.asarray(Image.open(path))).tolist():
            if label - 1 in pictures:
                pictures[label - 1].append(f'val2014/{path.stem}.jpg')
    return pictures


def their_uniform_episodes(pictures, shot):
    np.random.seed(0)
    for _ in range(1000):
        label = np.random.choice(list(pictures), 1, replace=False)[0]
        name = np.random.choice(pictures[label], 1, replace=False)[0]
        support = name
        while shot and support == name:
            support = np.random.choice(pictures[label], 1, replace=False)[0]
        yield name.split('/')[-1][:-4], label + 1


@pytest.mark.parametrize('way, shot', [('hsnet', 1), ('lseg', 0)])
def test_hsnets_and_lsegs_on_coco_draw_the_class_first(coco, way, shot):
    pictures = listed_by_class(coco)
    path = coco / 'fold0.pkl'
    path.write_bytes(pickle.dumps(pictures))
    data = build('COCO20iDataset', coco, episodes=way, list_file=str(path))
    classes = data.metainfo['classes']
    assert asked(data) == [
        (name, classes[label]) for name, label in their_uniform_episodes(pictures, shot)
    ]
    # Of all pairs half are persons, of the episodes a twentieth.
    assert len(pictures[0]) > 0.4 * sum(map(len, pictures.values()))
    persons = Counter(name for _, name in asked(data))['person']
    assert 30 < persons < 75
    assert data.metainfo['protocol']['episodes'].endswith('draws them, seed 0')


def test_bams_on_coco_are_the_first_thousand_of_its_order(coco):
    pictures = listed_by_class(coco)
    names = [
        f'COCO_val2014_{n:012d}' for n in np.random.RandomState(2).permutation(1400)
    ]
    folder = coco / 'annotations/val2014'
    novel = list(range(1, 81, 4))
    reference = TheirData(folder, names, novel, with_support=True)
    pairs = [
        (name, label)
        for name in names
        for label in novel
        if name in reference.files[label]
    ]
    reference = TheirData(
        folder, list(dict.fromkeys(name for name, _ in pairs)), novel, True
    )
    assert len(reference) > 1000
    path = coco / 'val_fold0.txt'
    path.write_text(''.join(f'{name} {label}\n' for name, label in pairs))
    data = build('COCO20iDataset', coco, episodes='bam', list_file=str(path))
    classes = data.metainfo['classes']
    assert asked(data) == [
        (name, classes[label]) for name, label in their_episodes(reference, 510)
    ]
    # Neither a list of another's, nor our own, which is in alphabetical order.
    theirs = str({k + 1: [(p, p) for p in v] for k, v in pictures.items()})
    ours = ''.join(f'{name} {label}\n' for name, label in sorted(pairs))
    options = dict(episodes='bam', list_file=str(path))
    for content in (theirs, ours):
        path.write_text(content)
        with pytest.raises(
            ValueError, match=r"episodes='bam' goes .* BAM's .* --ids data_list_\*\.txt"
        ):
            build('COCO20iDataset', coco, **options)
    with pytest.raises(ValueError, match='which a test without a list does not have'):
        build('COCO20iDataset', coco, episodes='esda')


def test_a_list_of_other_masks_is_named(voc):
    path = voc / 'other.txt'
    path.write_text('2007_000001 6\n')
    with pytest.raises(ValueError, match='in the mask of picture 1 .* of other masks'):
        build('PASCAL5iDataset', voc, fold=1, episodes='esda', list_file=str(path))


def test_a_class_of_one_picture_has_no_support(voc):
    """Theirs would draw without end."""
    path = voc / 'one.txt'
    path.write_text('2007_000001 1\n')
    inner = PASCAL5iDataset.plain(data_root=str(voc), list_file=str(path))
    for way in ('bam', 'hsnet'):
        data = DATASETS.build(
            dict(
                type='EpisodeDataset',
                dataset=inner,
                test_classes='novel',
                episodes=way,
                list_file=str(path),
            )
        )
        assert len(data) == 1000


def test_an_unknown_way_is_refused(voc):
    with pytest.raises(
        ValueError,
        match="episodes='pfenet': write a whole number from 1 up or one of "
        "'bam', 'esda', 'hsnet', 'lseg' or None",
    ):
        build('PASCAL5iDataset', voc, episodes='pfenet')


@pytest.mark.parametrize('episodes', [None, 5, 'bam', 'esda', 'hsnet'])
def test_nothing_is_drawn_of_nothing(episodes):
    assert EpisodeDraw(episodes, None, False).draw([], lambda index: [1]) == []
