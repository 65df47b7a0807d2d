"""From COCO's annotations to masks and lists of COCO-20i."""

import json
import sys

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as rle
from pycocotools.coco import COCO

from mmseg_clsclip.dataset_conversion import coco_instances
from mmseg_clsclip.datasets.coco import COCO_CLASSES

pytestmark = pytest.mark.filterwarnings(
    'ignore:__array__ implementation:DeprecationWarning'
)
HEIGHT, WIDTH = 60, 80
# Ids with gaps, as COCO's have, and not in the order of the names.
IDS = {name: 3 + 2 * k + k // 5 for k, name in enumerate(COCO_CLASSES)}


def box(x, y, width, height):
    return [x, y, x + width, y, x + width, y + height, x, y + height]


def run_lengths(region):
    """COCO's uncompressed RLE: columns first, zeros first."""
    flat = region.ravel(order='F')
    changes = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff([0, *changes, flat.size]).tolist()
    return dict(counts=[0, *counts] if flat[0] else counts, size=list(region.shape))


def region(seed):
    return np.random.RandomState(seed).rand(HEIGHT, WIDTH) > 0.7


def compressed(seed):
    code = rle.encode(np.asfortranarray(region(seed).astype(np.uint8)))
    return dict(code, counts=code['counts'].decode())


@pytest.fixture
def content():
    """Three pictures; the annotations of two are mixed up in the file."""
    images = [
        dict(id=i, file_name=f'COCO_val2014_{i:012d}.jpg', height=HEIGHT, width=WIDTH)
        for i in (42, 7, 300)
    ]
    annotations = [
        dict(
            image_id=image,
            category_id=IDS[name],
            segmentation=drawing,
            iscrowd=int(isinstance(drawing, dict)),
        )
        for image, name, drawing in (
            (42, 'person', [box(10, 10, 60, 40)]),
            (300, 'toothbrush', run_lengths(region(1))),
            # Over the person, in two parts, and with no right angle.
            (42, 'dog', [box(20, 20, 10, 10), [0, 0, 30.5, 5.2, 12, 33.3]]),
            (300, 'car', [box(0, 0, 80, 30)]),
            # A crowd over all of them, its class there already.
            (42, 'person', compressed(2)),
            (300, 'car', run_lengths(region(3))),
        )
    ]
    for number, annotation in enumerate(annotations):
        annotation['id'] = 900 - number
    return dict(
        images=images,
        annotations=annotations,
        categories=[dict(id=i, name=n) for n, i in reversed(IDS.items())],
    )


def masks(tool, root, content):
    path = root / 'instances_val2014.json'
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return tool('coco_20i', 'masks', '--annotations', path, '--out', root / 'out')


def read(root, number):
    with Image.open(root / f'out/COCO_val2014_{number:012d}.png') as image:
        assert image.mode == 'P'
        return np.asarray(image)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_masks_are_what_pycocotools_draws_in_the_files_order(tool, tmp_path, content):
    assert masks(tool, tmp_path, content) == ('masks 3: 3 written, 0 already there\n')
    coco = COCO(str(tmp_path / 'instances_val2014.json'))
    for number in coco.imgs:
        expected = np.zeros((HEIGHT, WIDTH), np.uint8)
        for annotation in content['annotations']:
            if annotation['image_id'] == number:
                drawn = coco.annToMask(annotation).astype(bool)
                name = coco.cats[annotation['category_id']]['name']
                expected[drawn] = 1 + COCO_CLASSES.index(name)
        assert np.array_equal(read(tmp_path, number), expected)
    assert not read(tmp_path, 7).any()


def test_what_a_mask_is_in_plain_numbers(tool, tmp_path, content):
    masks(tool, tmp_path, content)
    first, last = read(tmp_path, 42), read(tmp_path, 300)
    crowd = region(2)
    assert (first[crowd] == 1).all()
    assert (first[20:30, 20:30][~crowd[20:30, 20:30]] == 17).all()
    assert (first[40:50, 40:70] == 1).all()
    assert (first[52:, 72:][~crowd[52:, 72:]] == 0).all()
    expected = np.where(region(1), 80, 0)
    expected[:30] = 3
    expected[region(3)] = 3
    assert np.array_equal(last, expected)


def test_a_second_run_writes_what_is_missing_and_only_that(tool, tmp_path, content):
    masks(tool, tmp_path, content)
    before = read(tmp_path, 42)
    (tmp_path / 'out/COCO_val2014_000000000042.png').unlink()
    assert masks(tool, tmp_path, content) == ('masks 3: 1 written, 2 already there\n')
    assert np.array_equal(read(tmp_path, 42), before)


def test_a_failed_run_leaves_no_half_mask(tool, tmp_path, content):
    content['annotations'][-1]['segmentation'] = []
    with pytest.raises(
        SystemExit,
        match='Annotation 895 of COCO_val2014_000000000300.jpg cannot be drawn',
    ):
        masks(tool, tmp_path, content)
    assert files(tmp_path / 'out') == [f'COCO_val2014_{i:012d}.png' for i in (7, 42)]


def test_a_crowd_of_another_size_than_its_picture(tool, tmp_path, content):
    content['images'][2]['height'] += 1
    with pytest.raises(SystemExit, match='Annotation 899 of .*300.jpg cannot'):
        masks(tool, tmp_path, content)


def runs(size=(HEIGHT, WIDTH), counts=(HEIGHT * WIDTH,)):
    return dict(size=list(size), counts=list(counts))


@pytest.mark.parametrize(
    'segmentation, message',
    [
        (
            runs((30000, 40000), [1200000000]),
            r'size \[30000, 40000\], and the '
            r'picture is \[60, 80\]',
        ),
        (runs((WIDTH, HEIGHT)), r'size \[80, 60\]'),
        (dict(compressed(2), size=[HEIGHT + 1, WIDTH]), r'size \[61, 80\]'),
        (dict(counts=[HEIGHT * WIDTH]), 'run lengths lack size'),
        (runs(counts=[100, 200]), 'have 300 pixels in sum, and the picture 4800'),
        (runs(counts=[5000]), '5000 is no run length'),
        (runs(counts=[-1, 4801]), '-1 is no run length'),
        (runs(counts=[0.5, 4799.5]), '0.5 is no run length'),
        (runs(counts=[float('nan'), 4800]), 'nan is no run length'),
        (runs(counts=[10**30]), 'is no run length'),
        (runs(counts=['4800']), '4800 is no run length'),
        (dict(runs(), counts=compressed(2)['counts'][:-3]), 'in sum|break off'),
        (dict(runs(), counts='P'), 'the counts break off'),
        (dict(runs(), counts='P' * 99), 'number without end'),
        (dict(runs(), counts='01 3'), "the character ' '"),
        (dict(runs(), counts=None), 'counts are a list'),
        ([box(0, 0, 9, 9) + [3]], 'has 9 numbers, which are no pairs'),
        ([box(0, 0, float('nan'), 9)], 'the coordinate nan'),
        ([box(0, 0, 1e9, 9)], r'the coordinate 1e\+09'),
        ([box(0, -1e300, 5, 9)], r'the coordinate -1e\+300'),
        ([box(0, 0, 9, 10**400)], 'no number'),
        ([box(0, 0, 9, 9), ['x', 0, 1, 1, 2, 2]], 'no number'),
        ([[0, 0, 9, None, 9, 9]], 'the coordinate nan'),
        ([[True] * 6], 'holds what is no number'),
        ([box(9000, 0, 9001, 9)], 'is outside of the picture'),
        ([box(-9, -9, -1, 5)], 'is outside of the picture'),
        ([[0, 0, 10**6, 10**6] * 99], 'pixels long'),
        (box(0, 0, 9, 9), '0 is neither a polygon'),
        ('abc', 'abc is neither a polygon'),
        (None, 'None is neither'),
    ],
)
def test_what_the_c_code_must_not_see(tool, tmp_path, content, segmentation, message):
    content['annotations'][4]['segmentation'] = segmentation
    with pytest.raises(
        SystemExit, match=f'Annotation 896 of .*42.jpg cannot be drawn .*({message})'
    ):
        masks(tool, tmp_path, content)


@pytest.mark.parametrize(
    'segmentation',
    [
        [box(-90, -9, 1e4, 30), [1, 1, 5, 5]],
        [[str(n) for n in box(3, 4, 5, 6)]],
        runs(counts=[100.0, 4700]),
        [runs(counts=[100, 4700])],
    ],
)
def test_what_pycocotools_draws_is_drawn(tool, tmp_path, content, segmentation):
    content['annotations'] = content['annotations'][4:5]
    content['annotations'][0]['segmentation'] = segmentation
    masks(tool, tmp_path, content)
    coco = COCO(str(tmp_path / 'instances_val2014.json'))
    drawn = coco.annToMask(content['annotations'][0])
    assert drawn.any() and np.array_equal(read(tmp_path, 42), drawn)


@pytest.mark.parametrize(
    'segmentation',
    [[[5] * 6], [[0.2, 0.2, 0.4, 0.2, 0.4, 0.4]], dict(size=None, counts=None)],
)
def test_an_annotation_without_a_pixel_is_told(monkeypatch, content, segmentation):
    told = []
    monkeypatch.setattr(coco_instances, 'warn', told.append)
    image, annotation = content['images'][0], content['annotations'][4]
    if isinstance(segmentation, dict):
        height, width = image['height'], image['width']
        segmentation = dict(size=[height, width], counts=[height * width])
    picture = coco_instances.PictureObjects(
        image, [dict(annotation, image_id=image['id'], segmentation=segmentation)]
    )
    labels = {annotation['category_id']: 1}
    assert not coco_instances.draw_mask(picture, labels).any()
    assert [text.split(':')[0] for text in told] == [
        f'Annotation {annotation["id"]} of {image["file_name"]} covers no pixel'
    ]


def test_several_processes_write_the_same_masks(tool, tmp_path, content):
    masks(tool, tmp_path, content)
    tool(
        'coco_20i',
        'masks',
        '--annotations',
        tmp_path / 'instances_val2014.json',
        '--out',
        tmp_path / 'two',
        workers=2,
    )
    assert files(tmp_path / 'two') == files(tmp_path / 'out')
    for path in (tmp_path / 'out').iterdir():
        assert path.read_bytes() == (tmp_path / 'two' / path.name).read_bytes()


def rename(content, old, new):
    for category in content['categories']:
        if category['name'] == old:
            category['name'] = new


@pytest.mark.parametrize(
    'change, message',
    [
        (lambda c: rename(c, 'tv', 'tvmonitor'), 'it names tvmonitor'),
        (lambda c: c['categories'].pop(), 'it lacks person'),
        (lambda c: c.pop('categories'), "'categories' is missing. Expected is "),
        (lambda c: c.pop('annotations'), "'annotations' is missing"),
        (lambda c: c['images'][0].pop('height'), "'height' is missing"),
        (lambda c: c['images'][0].update(height=60.0), 'has the height 60.0'),
        (lambda c: c['images'][0].update(height=10**9), 'has the height 1000000'),
        (lambda c: c['images'][0].update(width=1e400), 'and the width inf'),
        (lambda c: c['images'].clear(), 'It has no picture'),
        (lambda c: c['images'].append(dict(c['images'][0], id=8)), 'one twice'),
        (
            lambda c: c['annotations'][1].update(category_id=2),
            'Annotation 899 is of the category 2',
        ),
        (
            lambda c: c['annotations'][1].update(image_id=2),
            'Annotation 899 is of the picture 2',
        ),
    ],
)
def test_files_that_are_no_instances_files(tool, tmp_path, content, change, message):
    change(content)
    with pytest.raises(
        SystemExit,
        match=r'instances_val2014\.json is not an '
        f'instances file.*{message}',
    ):
        masks(tool, tmp_path, content)
    assert not (tmp_path / 'out').exists()


def test_files_that_are_no_json(tool, tmp_path, content):
    whole = json.dumps(content, indent=1)
    with pytest.raises(SystemExit, match=r'is broken at line 4, column 10: '):
        masks(tool, tmp_path, whole[: whole.index('42,')])
    with pytest.raises(SystemExit, match='is not an instances file'):
        masks(tool, tmp_path, '[1, 2]')
    for text in '[' * 100000, '[' + '1' * 5000 + ']':
        with pytest.raises(SystemExit, match=r'val2014\.json cannot be read'):
            masks(tool, tmp_path, text)
    (tmp_path / 'x.zip').write_bytes(b'PK\x03\x04\xff\xfe')
    args = ('coco_20i', 'masks', '--out', tmp_path / 'out', '--annotations')
    with pytest.raises(SystemExit, match=r'x\.zip is no text; unpack it'):
        tool(*args, tmp_path / 'x.zip')
    with pytest.raises(SystemExit, match=r'nowhere\.json'):
        tool(*args, tmp_path / 'nowhere.json')


def test_a_missing_pycocotools_is_named(tool, tmp_path, content, monkeypatch):
    monkeypatch.setitem(sys.modules, 'pycocotools', None)
    monkeypatch.setitem(sys.modules, 'pycocotools.coco', None)
    with pytest.raises(SystemExit, match='pip install pycocotools'):
        masks(tool, tmp_path, content)


@pytest.mark.parametrize(
    'fold, split, handling',
    [
        (0, 'val', 'drop_image'),
        (2, 'val', 'drop_image'),
        (3, 'val', 'drop_image'),
        (1, 'train', 'drop_image'),
        (0, 'train', 'drop_image'),
        (0, 'train', 'background'),
    ],
)
def test_lists_are_of_interleaved_folds(tool, tmp_path, content, fold, split, handling):
    masks(tool, tmp_path, content)
    out = tmp_path / 'list.txt'

    def lists():
        return tool(
            'coco_20i',
            'lists',
            '--masks',
            tmp_path / 'out',
            '--fold',
            fold,
            '--split',
            split,
            '--novel-handling',
            handling,
            '--min-area',
            50,
            '--out',
            out,
        )

    novel = range(fold, 80, 4)  # 0-based: f + 4v
    expected = []
    for number in (7, 42, 300):
        labels = read(tmp_path, number).astype(int)
        present = [k for k in range(1, 81) if (labels == k).sum() >= 50]
        if split == 'val':
            asked = [k for k in present if k - 1 in novel]
        elif handling == 'drop_image' and np.isin(labels - 1, novel).any():
            asked = []
        else:
            asked = [k for k in present if k - 1 not in novel]
        expected += [f'COCO_val2014_{number:012d} {k}\n' for k in asked]
    if not expected:
        with pytest.raises(SystemExit, match='No pair is eligible'):
            lists()
        return
    images = len({line.split()[0] for line in expected})
    assert lists() == f'images {images}, pairs {len(expected)}\n'
    assert out.read_text() == ''.join(expected)


def test_objects_are_the_things_of_coco_stuff(tool, tmp_path):
    stuff, out = tmp_path / 'stuff', tmp_path / 'objects'
    stuff.mkdir()
    # Things and stuff at their bounds, and what is neither.
    labels = np.array([[0, 79, 80], [170, 255, 7]], np.uint8)
    for number in 42, 7:
        Image.fromarray(labels).save(stuff / f'{number:012d}_labelTrainIds.png')
    Image.fromarray(labels).save(stuff / f'{7:012d}.png')  # as COCO-Stuff has it
    args = 'objects', '--stuff', stuff, '--out', out
    assert tool('coco_20i', *args) == 'masks 2: 2 written, 0 already there\n'
    assert files(out) == [f'{i:012d}.png' for i in (7, 42)]
    with Image.open(out / '000000000042.png') as mask:
        assert mask.mode == 'P'
        assert np.asarray(mask).tolist() == [[1, 80, 0], [0, 0, 8]]
    (out / '000000000042.png').unlink()
    assert tool('coco_20i', *args) == 'masks 2: 1 written, 1 already there\n'


def test_what_is_no_mask_of_coco_stuff(tool, tmp_path):
    args = 'objects', '--stuff', tmp_path, '--out', tmp_path / 'objects'
    with pytest.raises(SystemExit, match='has no file .*coco_stuff164k.py'):
        tool('coco_20i', *args)
    path = tmp_path / 'x_labelTrainIds.png'
    Image.fromarray(np.full((2, 2), 181, np.uint8)).save(path)
    with pytest.raises(SystemExit, match='x_labelTrainIds.png holds the value 181'):
        tool('coco_20i', *args)
    assert not files(tmp_path / 'objects')


def test_mmsegs_coco_stuff_begins_with_cocos_things():
    from mmseg.datasets import COCOStuffDataset

    things = COCOStuffDataset.METAINFO['classes'][: len(COCO_CLASSES)]
    assert list(things) == list(COCO_CLASSES)
