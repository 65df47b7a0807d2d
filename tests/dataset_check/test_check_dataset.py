"""Every fault is found, counted and named; a sound data set has none."""

import json
import re
import sys
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np
import pytest
from mmseg.registry import TRANSFORMS
from PIL import Image

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / 'tools'))
import check_dataset  # noqa: E402

from mmseg_clsclip.dataset_check.read_pair import as_trained  # noqa: E402
from mmseg_clsclip.version import __version__  # noqa: E402

CONFIG = """
_base_ = {base!r}
names, new = ('background', 'a', 'b', 'c'), ('c', )
def data(split):
    return dict(type='BaseSegDataset', data_root={root!r},
                data_prefix=dict(img_path=split + '/pictures',
                                 seg_map_path=split + '/masks'),
                test_mode=split == 'test',
                metainfo=dict(classes=names, novel_classes=new))
model = dict(text_encoder=dict(vocabulary=names[1:]))
train_dataloader = dict(dataset=dict(type='EpisodeDataset',
                                     dataset=data('train')))
test_dataloader = dict(dataset=dict(type='EpisodeDataset',
                                    dataset=data('test')))
"""
BASES = [
    f'{ROOT}/configs/_base_/{name}.py'
    for name in (
        'models/clsclip_vit-b16',
        'datasets/episodes_480x480',
        'default_runtime',
    )
]


def write(path, array, **kwargs):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, **kwargs)


def scene(root, name, *labels):
    """A picture 12 wide, 8 high; a 2 x 4 block for each label; a 255 row."""
    mask = np.zeros((8, 12), np.uint8)
    for label in labels:
        mask[2 * label - 2 : 2 * label, :4] = label
    mask[7] = 255
    split, name = name.split('/')
    noise = (
        np.random.RandomState(crc32(name.encode()))
        .randint(0, 256, (8, 12, 3))
        .astype(np.uint8)
    )
    write(root / split / 'pictures' / f'{name}.jpg', noise)
    write(root / split / 'masks' / f'{name}.png', mask)
    return mask


@pytest.fixture
def root(tmp_path):
    for name, *labels in (
        ('train/p1', 1),
        ('train/p2', 1, 2),
        ('train/p3', 3),
        ('test/q1', 1, 2),
        ('test/q2', 3),
    ):
        scene(tmp_path, name, *labels)
    (tmp_path / 'config.py').write_text(CONFIG.format(base=BASES, root=str(tmp_path)))
    return tmp_path


@pytest.fixture
def check(root, capsys):
    """Exit status and what is printed."""

    def _check(*words, more=''):
        with (root / 'config.py').open('a') as file:
            file.write(more)
        with pytest.raises(SystemExit) as stop:
            check_dataset.main([str(root / 'config.py'), *words])
        return stop.value.code, capsys.readouterr().out

    return _check


def test_a_sound_data_set(check):
    status, out = check()
    assert status == 0 and 'errors: 0, warnings: 0' in out
    train, test = out.split('test: 2 pictures')
    row = [line.split() for line in train.splitlines() if ' a ' in line][0]
    assert row == ['1', 'a', '16', '5.56', '2']  # of 3 * 96 pixels
    assert re.search(r'3 +c \(new\) +8 .* 1 ', train)
    assert re.search(r'255 +\(ignored\) +36 .* 3 ', train)
    assert 'train: 2 samples of EpisodeDataset' in out  # p3 is left out
    assert 'test: 3 samples' in test


def test_findings_as_json(root, check):
    path = root / 'new/found.json'
    common = dict(version=__version__, config=str(root / 'config.py'))
    assert check('--json', str(path))[0] == 0
    assert json.loads(path.read_text()) == dict(
        common, splits=['train', 'test'], errors=0, warnings=0, findings=[]
    )
    # More than are printed.
    names = [f'more{k}' for k in range(8)]
    for name in names:
        scene(root, f'train/{name}', 1)
        (root / f'train/pictures/{name}.jpg').unlink()
    (root / 'test/masks/q2.png').unlink()
    status, out = check('--json', str(path))
    said = json.loads(path.read_text())
    errors, warnings = map(int, re.findall(r'errors: (\d+), warnings: (\d+)', out)[-1])
    assert status == 1 and said['errors'] == errors and said['warnings'] == warnings
    by_what = {finding['what']: finding for finding in said['findings']}
    lonely = by_what['masks have no picture']
    assert lonely == dict(
        split='train',
        level='warning',
        what='masks have no picture',
        hint="A picture ends in '.jpg', as img_suffix says.",
        items=[str(root / f'train/masks/{name}.png') for name in names],
    )
    assert by_what['pictures have no mask']['split'] == 'test'
    assert len(said['findings']) == errors + warnings
    assert check('--json', str(root))[0] == 2


def test_a_name_that_looks_like_markup(root, check):
    config = root / 'config.py'
    text = config.read_text().replace("'b',", "'[b]x[/b]',")
    config.write_text(text.replace("'c'", "'[/c]'"))
    _, out = check()
    assert '[b]x[/b]' in out and '[/c] (new)' in out


def mask_of(root, name='p1', split='train'):
    return root / split / 'masks' / f'{name}.png'


def values(root, number):
    for k, name in enumerate(('p1', 'p2', 'p3')):
        write(mask_of(root, name), np.full((8, 12), 1 + (k + number) % 4, np.uint8))


FAULTS = {
    'no mask': (
        lambda r: mask_of(r).unlink(),
        1,
        r'error train: pictures have no mask: 1\n  \S+/p1.png',
    ),
    'no picture': (
        lambda r: (r / 'train/pictures/p1.jpg').unlink(),
        0,
        r'warning train: masks have no picture: 1\n .*p1.png\n.*'
        r"'.jpg'",
    ),
    'other suffix': (
        lambda r: (r / 'train/pictures/p1.jpg').rename(r / 'train/pictures/p1.JPG'),
        0,
        r'pictures are not looked at: 1\n .*p1.JPG',
    ),
    'size': (
        lambda r: write(mask_of(r), np.zeros((12, 8), np.uint8)),
        1,
        r'p1.png \(8 x 12, its picture 12 x 8\)',
    ),
    'values': (
        lambda r: write(
            mask_of(r), np.array([[7] * 12] * 5 + [[9] * 12] * 3, np.uint8)
        ),
        1,
        r'no label: 1\n .*p1.png \(7, 9\)\n  7: 60 pixels; 9: 36 pixels\. '
        r'With 4 classes a label is 0 to 3',
    ),
    'counts from 1': (
        lambda r: values(r, 1),
        1,
        'count from 1: write reduce_zero_label=True',
    ),
    'colour': (
        lambda r: write(mask_of(r), np.zeros((8, 12, 3), np.uint8)),
        1,
        r'no index maps: 1\n .*p1.png \(mode RGB\)',
    ),
    'jpeg': (
        lambda r: write(mask_of(r), np.zeros((8, 12), np.uint8), format='JPEG'),
        1,
        'masks are JPEG files: 1',
    ),
    'wide': (
        lambda r: write(mask_of(r), np.full((8, 12), 300, np.uint16)),
        1,
        r'above 255: 1\n .*values up to 300',
    ),
    'fractions': (
        lambda r: write(mask_of(r), np.full((8, 12), 1.5, np.float32), format='TIFF'),
        1,
        r'no whole number from 0 up: 1\n .*p1.png \(the value 1.5\)',
    ),
    'negative': (
        lambda r: write(mask_of(r), np.full((8, 12), -2, np.int32), format='TIFF'),
        1,
        r'p1.png \(the value -2\)',
    ),
    'whole floats': (
        lambda r: write(mask_of(r), np.ones((8, 12), np.float32), format='TIFF'),
        0,
        'warning train: masks have 16 or 32 bits a pixel: 1',
    ),
    '0 and 255': (
        lambda r: [
            write(
                mask_of(r, name), np.array([[0] * 12] * 5 + [[255] * 12] * 3, np.uint8)
            )
            for name in ('p1', 'p2', 'p3')
        ],
        1,
        'error train: labels and names do not belong '
        r'together\n  No mask shows a class: .*255 is ignored.*write 1 for '
        "'a'",
    ),
    '16 bits': (
        lambda r: write(mask_of(r), np.ones((8, 12), np.uint16)),
        0,
        'warning train: masks have 16 or 32 bits a pixel: 1',
    ),
    'deep picture': (
        lambda r: write(
            r / 'train/pictures/p1.jpg', np.full((8, 12), 4095, np.uint16), format='PNG'
        ),
        0,
        r'pictures have 16 or 32 bits a channel: 1\n .*p1.jpg',
    ),
    'deep colours': (
        lambda r: (r / 'train/pictures/p1.jpg').write_bytes(
            cv2.imencode('.png', np.full((8, 12, 3), 4095, np.uint16))[1].tobytes()
        ),
        0,
        r'pictures have 16 or 32 bits a channel: 1\n .*p1.jpg',
    ),
    'truncated': (
        lambda r: (r / 'train/pictures/p1.jpg').write_bytes(
            (r / 'train/pictures/p1.jpg').read_bytes()[:-200]
        ),
        1,
        r'cannot be read: 1\n .*p1.jpg \((?i:.*truncated)',
    ),
    'no bytes': (lambda r: mask_of(r).write_bytes(b''), 1, r'p1.png \(it is empty\)'),
    'empty': (
        lambda r: scene(r, 'train/p1'),
        0,
        r'warning train: masks are empty.*: 1\n .*p1.jpg',
    ),
    'never': (
        lambda r: scene(r, 'train/p2', 1),
        0,
        r'warning train: classes never occur: 1\n  b\n',
    ),
    'leak': (
        lambda r: (r / 'test/pictures/q1.jpg').write_bytes(
            (r / 'train/pictures/p2.jpg').read_bytes()
        ),
        1,
        r'in train and in test: 1\n .*q1.jpg \(is .*p2.jpg\)',
    ),
    'name': (
        lambda r: (
            scene(r, 'test/p1', 1) is r
            or (r / 'test/pictures/p1.jpg').write_bytes(
                (r / 'test/pictures/q2.jpg').read_bytes()
            )
        ),
        0,
        r'names are in train and in test: 1\n .*p1.jpg',
    ),
}


@pytest.mark.parametrize('name', FAULTS)
def test_a_fault_in_the_files(name, root, check):
    spoil, expected, pattern = FAULTS[name]
    spoil(root)
    status, out = check()
    assert re.search(pattern, out), out
    assert status == expected


@pytest.mark.parametrize(
    'option,pattern',
    [
        (
            'train_dataloader.dataset.dataset.metainfo.classes=[background,a,A,c]',
            'listed twice: 1\n  a\n',
        ),
        ('train_dataloader.dataset.novel_classes=[d]', 'not among the names: 1\n  d\n'),
        (
            'train_dataloader.dataset.novel_classes=[b]',
            'count as unseen in testing: 1\n  c\n',
        ),
        (
            'test_dataloader.dataset.dataset.img_suffix=.bmp',
            "no picture that ends in '.bmp'",
        ),
        ('test_dataloader.dataset.dataset.ann_file=none.txt', 'none.txt'),
        ('test_dataloader.dataset.min_area=99', 'No sample is left'),
        (
            'test_evaluator.type=EpisodeIuoMetric',
            'error test: the test cannot be built\n.*EpisodeIuoMetric',
        ),
        (
            'test_dataloader.dataset.dataset.reduce_zero_label=True',
            'error test: labels and names do not belong together\n.* no mask holds '
            "4, which would be 'c'.* Leave out reduce_zero_label",
        ),
        (
            'train_dataloader.dataset.dataset.metainfo.classes=[a]',
            "error train: the names are invalid\n.* has the one class 'a'",
        ),
        (
            'train_dataloader.dataset.dataset.metainfo.classes=[0,1,2,3]',
            r'error train: the names are invalid\n.* has classes=\[0, 1, 2, 3\]',
        ),
        (
            'train_dataloader.dataset.dataset.metainfo.classes='
            f'[{",".join(f"c{k}" for k in range(300))}]',
            'error train: there are 300 classes\n.*255 classes at most',
        ),
    ],
)
def test_a_fault_in_the_config(option, pattern, check):
    status, out = check('--cfg-options', option)
    assert status == 1 and re.search(pattern, out), out


def test_only_names_without_background_are_told_to_reduce_zero(root, check):
    write(mask_of(root), np.array([[0] * 12] * 4 + [[4] * 12] * 4, np.uint8))
    status, out = check('--split', 'train')
    assert status == 1 and 'If a class is missing in the names, add it' in out
    assert 'reduce_zero_label' not in out
    status, out = check(
        '--split',
        'train',
        '--cfg-options',
        'train_dataloader.dataset.dataset.metainfo.classes=[d,a,b,c]',
    )
    assert status == 1 and 'first class is 1, write reduce_zero_label' in out


@pytest.mark.parametrize('suffixes', ["('.jpg', '.JPG')", "['.jpg']"])
def test_several_suffixes(suffixes, check):
    status, out = check(
        more=f"train_dataloader['dataset']['dataset']['img_suffix'] = {suffixes}"
    )
    assert status == 1 and 'errors: 1,' in out
    assert 'mmseg takes one text' in out and 'ConcatDataset' in out


def test_a_vocabulary_that_is_not_the_data_sets(check):
    status, out = check(
        more="test_dataloader = dict(dataset=dict(_delete_=True, **data('test')))"
    )
    assert status == 0 and 'vocabulary' not in out
    status, out = check('--cfg-options', 'model.text_encoder.vocabulary=[a,c,b]')
    assert status == 0 and "2: 'b' in the data set, 'c' in the model" in out
    status, out = check('--cfg-options', 'model.with_background=False')
    assert status == 1 and 'answers with 3 channels' in out


def test_a_config_without_a_model_and_a_metric(root, check):
    file = root / 'config.py'
    text = file.read_text()
    text = text.replace(repr(BASES), '[]').replace('\nmodel =', '\n_ =')
    file.write_text(text)
    status, out = check()
    assert status == 0 and 'errors: 0,' in out


def test_wrappers_palettes_and_one_split_alone(root, check):
    picture = Image.fromarray(scene(root, 'train/p1', 1)).convert('P')
    picture.putpalette([k % 256 for k in range(768)])
    picture.save(mask_of(root))
    write(root / 'train/masks/p2.png', np.full((8, 12), 9, np.uint8))
    status, out = check(
        '--split',
        'train',
        more="""
train_dataloader = dict(dataset=dict(_delete_=True, type='RepeatDataset',
    times=2, dataset=dict(type='ConcatDataset',
                          datasets=[data('test'), data('train')])))
""",
    )
    assert status == 1 and 'masks hold values that are no label: 1' in out
    assert out.count('pictures of BaseSegDataset') == 2 and 'errors: 1,' in out
    assert 'test:' not in out


@pytest.mark.parametrize('line,status', [('q1 1', 0), ('q3 1', 1)])
def test_a_fold_reads_the_pictures_of_its_list(line, status, root, check):
    (root / 'list_fold0.txt').write_text(line)
    list_file = str(root / 'list_fold{fold}.txt')
    found, out = check(
        '--split',
        'test',
        more=f"""
test_dataloader = dict(dataset=dict(
    _delete_=True, type='PASCAL5iDataset', data_root={str(root)!r}, fold=0,
    data_prefix=dict(img_path='test/pictures', seg_map_path='test/masks'),
    list_file={list_file!r}, pipeline=_base_.test_pipeline))
""",
    )
    assert found == status
    if status:
        assert 'q3' in out  # which is no picture
    else:
        assert 'test: 1 pictures' in out and 'aeroplane (new)' in out
        assert 'test: 1 samples of PASCAL5iDataset' in out


@pytest.mark.parametrize(
    'info',
    [
        dict(reduce_zero_label=True),
        dict(reduce_zero_label=False),
        dict(reduce_zero_label=True, label_map={0: 1, 1: 255, 2: 0}),
    ],
)
def test_values_are_read_as_mmseg_reads_them(info, tmp_path):
    mask = np.arange(256, dtype=np.uint8).reshape(16, 16)
    write(tmp_path / 'mask.png', mask)
    load = TRANSFORMS.build(dict(type='LoadAnnotations'))
    meant = load(dict(info, seg_map_path=str(tmp_path / 'mask.png'), seg_fields=[]))[
        'gt_seg_map'
    ]
    assert np.array_equal(as_trained(mask, info), meant)


def test_a_variable_that_is_overridden_in_vain(tmp_path, capsys):
    base = ROOT / 'configs/custom/clsclip_vit-b16_custom.py'
    config = tmp_path / 'mine.py'
    config.write_text(f"_base_ = {str(base)!r}\nnew_classes = ('cat', )\n")
    with pytest.raises(SystemExit, match='^1$'):
        check_dataset.main([str(config)])
    out = capsys.readouterr().out
    assert 'error config: something is set in vain' in out
    assert "new_classes=('cat',)" in out
