"""From VOC's and SBD's files to masks and lists of PASCAL-5i."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

TOOL = Path(__file__).parents[3] / 'tools/dataset_converters/pascal_5i.py'


def labels_of(*labels):
    """A (6, 9) map with a 2-row band for each label and a 255 pixel."""
    mask = np.zeros((6, 9), np.uint8)
    for row, label in enumerate(labels):
        mask[2 * row : 2 * row + 2] = label
    mask[0, 0] = 255
    return mask


def save_voc(path, mask):
    """As VOC has it: colours for the eye, indices in the file."""
    image = Image.fromarray(mask)
    image.putpalette(np.random.RandomState(0).bytes(768))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def save_sbd(path, mask):
    """As SBD has it: a struct with the map and what goes with it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(
        path,
        {
            'GTcls': {
                'Boundaries': np.zeros((20, 1)),
                'Segmentation': mask,
                'CategoriesPresent': np.unique(mask),
            }
        },
    )


def read(path):
    with Image.open(path) as image:
        assert image.mode == 'P'
        return np.asarray(image)


@pytest.fixture
def sources(tmp_path):
    """'both' has a mask of either kind, and they differ."""
    save_voc(tmp_path / 'voc/old.png', labels_of(3, 20))
    save_voc(tmp_path / 'voc/both.png', labels_of(1))
    save_sbd(tmp_path / 'sbd/both.mat', labels_of(2))
    save_sbd(tmp_path / 'sbd/new.mat', labels_of(15, 0, 7))
    return tmp_path


def masks(tool, root, *args):
    return tool(
        'pascal_5i',
        'masks',
        '--voc',
        root / 'voc',
        '--sbd',
        root / 'sbd',
        '--out',
        root / 'out',
        *args,
    )


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_ids_of_training_are_both_lists_without_vocs_val(tool, tmp_path):
    lists = tmp_path / 'voc/ImageSets/Segmentation'
    lists.mkdir(parents=True)
    (lists / 'train.txt').write_text('b\na\n')
    (lists / 'val.txt').write_text('c\nd\n')
    (tmp_path / 'sbd.txt').write_text('e\nb\nc\n\n')
    out = tmp_path / 'ids.txt'
    args = ('ids', '--voc', tmp_path / 'voc', '--out', out, '--sbd')
    printed = tool('pascal_5i', *args, tmp_path / 'sbd.txt')
    assert out.read_text() == 'a\nb\ne\n'
    assert 'images 3, left out as VOC val 1' in printed
    assert 'Not the 5953 of PFENet and BAM' in printed
    with pytest.raises(SystemExit, match='nothing.txt'):
        tool('pascal_5i', *args, tmp_path / 'nothing.txt')
    (tmp_path / 'sbd.txt').write_text('\n')
    with pytest.raises(SystemExit, match='sbd.txt is empty: no id in it'):
        tool('pascal_5i', *args, tmp_path / 'sbd.txt')


def test_masks_of_both_sources_are_index_pngs_and_vocs_win(tool, sources):
    assert masks(tool, sources) == 'masks 3: 1 SBD, 2 VOC\n'
    out = sources / 'out'
    assert files(out) == ['both.png', 'new.png', 'old.png']
    for name, labels in (('old', (3, 20)), ('both', (1,)), ('new', (15, 0, 7))):
        assert np.array_equal(read(out / f'{name}.png'), labels_of(*labels))
    with Image.open(out / 'new.png') as image:
        person = image.convert('RGB').getpixel((1, 0))
    assert person == (192, 128, 128)


def test_a_second_run_writes_what_is_missing_and_only_that(tool, sources):
    masks(tool, sources)
    out = sources / 'out'
    (out / 'new.png').unlink()
    before = (out / 'old.png').stat().st_mtime_ns
    assert masks(tool, sources) == 'masks 3: 1 SBD, 2 already there\n'
    assert np.array_equal(read(out / 'new.png'), labels_of(15, 0, 7))
    assert (out / 'old.png').stat().st_mtime_ns == before


def test_only_the_ids_asked_for(tool, sources):
    ids = sources / 'ids.txt'
    ids.write_text('new\n')
    assert masks(tool, sources, '--ids', ids) == 'masks 1: 1 SBD\n'
    ids.write_text('old\nx\ny\n')
    with pytest.raises(
        SystemExit,
        match='2 of 3 sources of masks do not '
        r'exist: .*x\.mat, .*y\.mat',
    ):
        masks(tool, sources, '--ids', ids)


def test_a_failed_run_leaves_no_half_mask(tool, sources):
    (sources / 'sbd/new.mat').write_bytes(b'MATLAB 5.0 and then nothing')
    with pytest.raises(SystemExit, match=r'new\.mat is not one of SBD'):
        masks(tool, sources)
    assert files(sources / 'out') == ['both.png']
    save_sbd(sources / 'sbd/new.mat', labels_of(4))
    masks(tool, sources)
    assert files(sources / 'out') == ['both.png', 'new.png', 'old.png']


def test_a_mask_is_whole_or_not_there(tool, sources, monkeypatch):
    def half(image, file, *args):
        file.write(b'half')
        raise OSError('no space is left')

    with monkeypatch.context() as patch:
        patch.setattr(Image.Image, 'save', half)
        with pytest.raises(SystemExit, match='no space is left'):
            masks(tool, sources)
    assert not files(sources / 'out')
    masks(tool, sources)
    assert files(sources / 'out') == ['both.png', 'new.png', 'old.png']


def test_sources_that_are_no_label_maps(tool, sources):
    colours = Image.fromarray(np.zeros((6, 9, 3), np.uint8))
    colours.save(sources / 'voc/old.png')
    with pytest.raises(SystemExit, match=r'old\.png is a colour picture'):
        masks(tool, sources)
    save_voc(sources / 'voc/old.png', labels_of(21))
    with pytest.raises(
        SystemExit,
        match=r'old\.png holds the value 21; with '
        '21 classes a label is 0 to 20, or 255',
    ):
        masks(tool, sources)
    whole = (sources / 'voc/both.png').read_bytes()
    (sources / 'voc/old.png').write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SystemExit, match=r'old\.png cannot be read: '):
        masks(tool, sources)
    (sources / 'voc/old.png').unlink()
    (sources / 'out/new.png').unlink()
    savemat(sources / 'sbd/new.mat', {'GTinst': 1})
    with pytest.raises(SystemExit, match="KeyError: 'GTcls'"):
        masks(tool, sources)


def test_no_source_at_all(tool, tmp_path):
    args = ('pascal_5i', 'masks', '--out', tmp_path / 'out')
    with pytest.raises(SystemExit, match='Give --voc, --sbd or both'):
        tool(*args)
    with pytest.raises(SystemExit, match='nowhere is no folder'):
        tool(*args, '--voc', tmp_path / 'nowhere')


def test_a_missing_package_is_named(tool, sources, monkeypatch):
    monkeypatch.setitem(sys.modules, 'scipy', None)
    monkeypatch.setitem(sys.modules, 'scipy.io', None)
    with pytest.raises(SystemExit, match='pip install scipy'):
        masks(tool, sources)


@pytest.fixture(scope='module')
def voc_like(tmp_path_factory):
    """100 masks of 60 x 80 with rectangles of labels and 255."""
    folder = tmp_path_factory.mktemp('voc') / 'masks'
    random = np.random.RandomState(0)
    found = {}
    for number in range(100):
        mask = np.zeros((60, 80), np.uint8)
        for label in (*random.randint(1, 21, 2), 255):
            y, x, height, width = random.randint(0, 60, 4)
            mask[y : y + height, x : x + width] = label
        if number % 9 == 0:
            mask[0, 0] = 1 + random.randint(20)  # a single pixel counts
        found[f'2007_{number:06d}'] = mask
        save_voc(folder / f'2007_{number:06d}.png', mask)
    return folder, found


def counted(found, fold, split, novel_handling, min_area):
    """The rule once more, in plain numpy."""
    novel = [5 * fold + k for k in range(1, 6)]
    asked = [k for k in range(1, 21) if (k in novel) == (split == 'val')]
    pairs = []
    for name in sorted(found):
        mask = found[name]
        if (
            split == 'train'
            and novel_handling == 'drop_image'
            and any((mask == k).any() for k in novel)
        ):
            continue
        pairs += [(name, k) for k in asked if (mask == k).sum() >= min_area]
    return pairs


@pytest.mark.parametrize(
    'split, novel_handling, min_area',
    [
        ('val', 'drop_image', 500),
        ('val', 'ignore', 1),
        ('train', 'drop_image', 500),
        ('train', 'background', 500),
        ('train', 'ignore', 1),
    ],
)
def test_lists_are_the_pairs_that_numpy_counts(
    tool, voc_like, tmp_path, split, novel_handling, min_area
):
    folder, found = voc_like
    for fold in range(4):
        out = tmp_path / f'{fold}.txt'
        printed = tool(
            'pascal_5i',
            'lists',
            '--masks',
            folder,
            '--fold',
            fold,
            '--split',
            split,
            '--novel-handling',
            novel_handling,
            '--min-area',
            min_area,
            '--out',
            out,
        )
        pairs = counted(found, fold, split, novel_handling, min_area)
        assert out.read_text() == ''.join(f'{n} {k}\n' for n, k in pairs)
        images = len({name for name, _ in pairs})
        assert printed == f'images {images}, pairs {len(pairs)}\n'
        assert len(pairs) > 5


# As on macOS and Windows: each process imports what it needs anew.
SPAWNED = (
    'import multiprocessing, runpy, sys; sys.argv.pop(0); '
    "multiprocessing.set_start_method('spawn'); "
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)


@pytest.mark.parametrize(
    'start', [(), pytest.param(('-c', SPAWNED), marks=pytest.mark.slow)]
)
def test_the_command_on_two_processes_gives_the_same_list(voc_like, tmp_path, start):
    folder, found = voc_like
    ids = tmp_path / 'ids.txt'
    names = sorted(found, reverse=True)[:60]
    ids.write_text('\n'.join(names))
    out = tmp_path / 'lists/out.txt'
    done = subprocess.run(
        [
            sys.executable,
            *start,
            TOOL,
            'lists',
            '--masks',
            folder,
            '--ids',
            ids,
            '--fold',
            '2',
            '--split',
            'val',
            '--min-area',
            '300',
            '--out',
            out,
            '--workers',
            '2',
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    pairs = counted({n: found[n] for n in names}, 2, 'val', '', 300)
    assert sorted(out.read_text().splitlines()) == [f'{n} {k}' for n, k in pairs]
    # In the order of the ids.
    assert out.read_text().split()[0] == pairs[-1][0]
    # The onedl fork greets on stdout, in every process.
    last = done.stdout.splitlines()[-1]
    assert last == f'images {len({n for n, _ in pairs})}, pairs {len(pairs)}'


def lists(tool, root, *args):
    return tool(
        'pascal_5i',
        'lists',
        '--masks',
        root,
        '--fold',
        0,
        '--split',
        'val',
        '--out',
        root / 'list.txt',
        *args,
    )


def test_missing_masks_are_counted_and_the_first_named(tool, tmp_path):
    save_voc(tmp_path / 'a.png', labels_of(1))
    (tmp_path / 'ids.txt').write_text('a\n' + ''.join(f'{n}\n' for n in range(7)))
    with pytest.raises(
        SystemExit,
        match=r'7 of 8 masks do not exist: .*0\.png'
        r'.*4\.png, \.\.\.',
    ):
        lists(tool, tmp_path, '--ids', tmp_path / 'ids.txt')
    with pytest.raises(SystemExit, match=r'no \*\.png in .*nowhere'):
        lists(tool, tmp_path / 'nowhere')


def test_a_list_of_nothing_is_not_written(tool, tmp_path):
    save_voc(tmp_path / 'a.png', labels_of(1, 20))
    with pytest.raises(SystemExit, match='No pair is eligible'):
        lists(tool, tmp_path)
    assert files(tmp_path) == ['a.png']
    assert lists(tool, tmp_path, '--min-area', 5) == 'images 1, pairs 1\n'


def test_masks_that_are_none(tool, tmp_path):
    Image.fromarray(np.zeros((6, 9, 3), np.uint8)).save(tmp_path / 'a.png')
    with pytest.raises(SystemExit, match=r'a\.png is a colour picture'):
        lists(tool, tmp_path)
    save_voc(tmp_path / 'a.png', labels_of(21))
    with pytest.raises(SystemExit, match=r'a\.png holds the value 21'):
        lists(tool, tmp_path)
    (tmp_path / 'a.png').write_bytes((tmp_path / 'a.png').read_bytes()[:-40])
    with pytest.raises(SystemExit, match=r'a\.png cannot be read'):
        lists(tool, tmp_path)
