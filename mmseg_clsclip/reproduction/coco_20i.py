"""COCO-20i's column: COCO 2014, its masks and lists."""

from collections.abc import Iterator
from pathlib import Path

from .column import Column, Command, Need
from .options import Options

COCO_SOURCE = (
    'COCO 2014, pictures and "Train/Val annotations":\n'
    '    https://cocodataset.org/#download'
)
CONVERTER = 'tools/dataset_converters/coco_20i.py'
SPLITS = ('train', 'val')
DEFAULT_HANDLING = 'drop_image'
HANDLING_OPTION = 'train_dataloader.dataset.novel_handling='


class COCO20iColumn(Column):
    """COCO-20i's column, see :class:`Column`."""

    NAME = 'coco_20i'
    FOLDERS = 'COCO'
    CONFIG = 'coco-20i-480x480'
    ITERATIONS = 80000
    PAPER_MIOU = 37.0
    PAPER_PLUS_MIOU = 52.9

    def __init__(self, options: Options):
        super().__init__(options)
        # What training does with novel pixels decides which pictures it has.
        self.handling = DEFAULT_HANDLING
        for option in options.cfg_options:
            if option.startswith(HANDLING_OPTION):
                self.handling = option.removeprefix(HANDLING_OPTION)

    def _list_handling(self, split: str) -> str | None:
        """Return the handling of a list, where it is not what all are made for."""
        other = split == 'train' and self.handling != DEFAULT_HANDLING
        return self.handling if other else None

    def _list(self, split: str, fold: int) -> str:
        handling = self._list_handling(split)
        suffix = f'_{handling}' if handling else ''
        return f'{self.root}/lists/{split}_fold{fold}{suffix}.txt'

    def _folds_without_list(self, split: str) -> list[int]:
        return [
            fold
            for fold in self.options.folds
            if not Path(self._list(split, fold)).is_file()
        ]

    def needs(self) -> Iterator[Need]:
        for split in SPLITS:
            yield Need(Path(self.root, f'{split}2014'), COCO_SOURCE)
            if self._folds_without_list(split):
                instances = Path(self.root, f'annotations/instances_{split}2014.json')
                yield Need(instances, COCO_SOURCE)

    def test_pictures(self) -> list[str]:
        return sorted(path.name for path in Path(self.root, 'val2014').iterdir())

    def preparation(self) -> Iterator[Command]:
        for split in SPLITS:
            folds = self._folds_without_list(split)
            masks = f'{self.root}/annotations/{split}2014'
            if folds:
                annotations = f'{self.root}/annotations/instances_{split}2014.json'
                yield [CONVERTER, 'masks', '--annotations', annotations, '--out', masks]
            for fold in folds:
                command = [CONVERTER, 'lists', '--masks', masks]
                command += ['--fold', str(fold), '--split', split]
                if handling := self._list_handling(split):
                    command += ['--novel-handling', handling]
                yield [*command, '--out', self._list(split, fold)]

    def data_options(self, loader: str, fold: int) -> list[str]:
        dataset = f'{loader}_dataloader.dataset'
        split = 'train' if loader == 'train' else 'val'
        return [
            f'{dataset}.data_root={self.root}',
            f'{dataset}.list_file={self._list(split, fold)}',
        ]
