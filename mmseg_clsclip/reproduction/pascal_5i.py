"""PASCAL-5i's column: VOC 2012 and SBD's masks."""

from collections.abc import Iterator
from pathlib import Path

from .column import Column, Command, Need
from .options import Options

VOC_SOURCE = (
    'VOC 2012, VOCtrainval_11-May-2012.tar:\n'
    '    http://host.robots.ox.ac.uk/pascal/VOC/voc2012/'
)
SBD_SOURCE = (
    "SBD's cls/ and train_noval.txt in one folder, given after VOC2012:\n"
    '    http://home.bharathh.info/pubs/codes/SBD/download.html'
)
CONVERTER = 'tools/dataset_converters/pascal_5i.py'
TRAIN_IDS = 'ImageSets/Segmentation/train_5i.txt'


def read_ids(path: Path) -> list[str]:
    """Read the first word of each line; nothing from a file that is missing."""
    if not path.is_file():
        return []
    return [line.split()[0] for line in path.read_text().splitlines() if line.strip()]


class PASCAL5iColumn(Column):
    """PASCAL-5i's column, see :class:`Column`."""

    NAME = 'pascal_5i'
    FOLDERS = 'VOC2012 [SBD]'
    MAX_FOLDERS = 2
    CONFIG = 'pascal-5i-480x480'
    ITERATIONS = 15000
    PAPER_MIOU = 56.4
    PAPER_PLUS_MIOU = 71.5

    def __init__(self, options: Options):
        super().__init__(options)
        root, *others = map(Path, options.folders)
        self.voc = root
        self.sbd = others[0] if others else Path('SBD')
        self.ids = root / 'ImageSets/Segmentation'
        self.masks = root / 'SegmentationClassAug'
        self.lacks_ids = not (root / TRAIN_IDS).is_file()
        self.lacks_masks = not self.masks.is_dir() or any(
            not (self.masks / f'{name}.png').is_file() for name in self._names()
        )

    def _names(self) -> Iterator[str]:
        """List the pictures that are trained on or tested."""
        lists = [self.ids / f'{part}.txt' for part in ('train', 'val', 'train_5i')]
        if self.lacks_ids:  # they will be made of these
            lists.append(self.sbd / 'train_noval.txt')
        for path in lists:
            yield from read_ids(path)

    def needs(self) -> Iterator[Need]:
        for path in (
            self.voc / 'JPEGImages',
            self.ids / 'train.txt',
            self.ids / 'val.txt',
        ):
            yield Need(path, VOC_SOURCE)
        if self.lacks_ids:
            yield Need(self.sbd / 'train_noval.txt', SBD_SOURCE)
        if self.lacks_masks:
            yield Need(self.voc / 'SegmentationClass', VOC_SOURCE)
            yield Need(self.sbd / 'cls', SBD_SOURCE)

    def test_pictures(self) -> list[str]:
        return read_ids(self.ids / 'val.txt')

    def preparation(self) -> Iterator[Command]:
        if self.lacks_ids:
            command = [CONVERTER, 'ids', '--voc', self.root]
            command += ['--sbd', f'{self.sbd}/train_noval.txt']
            yield [*command, '--out', f'{self.root}/{TRAIN_IDS}']
        if self.lacks_masks:
            command = [CONVERTER, 'masks', '--voc', f'{self.root}/SegmentationClass']
            yield [*command, '--sbd', f'{self.sbd}/cls', '--out', str(self.masks)]

    def data_options(self, loader: str, fold: int) -> list[str]:
        dataset = f'{loader}_dataloader.dataset'
        options = [f'{dataset}.data_root={self.root}']
        if loader == 'train':
            options.append(f'{dataset}.ann_file={TRAIN_IDS}')
        return options
