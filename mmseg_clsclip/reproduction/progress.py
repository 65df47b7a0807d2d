"""What is done: checkpoints and results that are whole, of one recipe."""

import hashlib
from functools import cached_property
from pathlib import Path

from ..evaluation.fold_average import newest_result
from ..evaluation.results import read_result
from ..utils.files import atomic_write
from .options import Options


def keep_recipe(folder: Path, recipe: str, dry_run: bool) -> None:
    """Note what a folder is made by; it is of one recipe.

    A run resumed with another goes on with the old schedule, and results of
    both would stand side by side.

    Raises:
        ValueError: If the folder was begun with another one.
    """
    path = folder / 'recipe.txt'
    if path.is_file():
        begun = path.read_text().strip()
        if begun != recipe.strip():
            raise ValueError(
                f'{folder} was begun with other options:\n    {begun}\n'
                'Give these, delete the folder, or take another by --out.'
            )
    elif not dry_run:
        with atomic_write(path) as file:
            file.write(f'{recipe}\n'.encode())


class Progress:
    """Knows which folds are trained, and which rows of them are tested.

    Args:
        options (Options): From the command line.
    """

    def __init__(self, options: Options):
        self.options = options
        self.out = Path(options.out)

    def checkpoint(self, fold: int) -> Path:
        """Return a fold's last checkpoint, there or not."""
        return self.out / f'train/fold{fold}/iter_{self.options.iterations}.pth'

    def is_trained(self, fold: int) -> bool:
        """Tell whether a fold's last checkpoint is whole.

        mmengine writes its name into ``last_checkpoint`` when it is there.
        """
        checkpoint = self.checkpoint(fold)
        last = checkpoint.parent / 'last_checkpoint'
        return (
            checkpoint.is_file()
            and last.is_file()
            and Path(last.read_text().strip()).name == checkpoint.name
        )

    def work_dir(self, row: str, fold: int) -> Path:
        """Return where a fold's test for a row writes to."""
        return self.out / row / f'fold{fold}'

    def is_tested(self, row: str, fold: int, of_detections: bool = False) -> bool:
        """Tell whether a fold's newest result is whole and up to date.

        Args:
            row (str): Its folder.
            fold (int): 0 to 3.
            of_detections (bool): Whether it is to be of the detector's boxes
                as they are now.
        """
        result = newest_result(self.work_dir(row, fold))
        if result is None or not self.is_trained(fold):
            return False
        made_of = [self.checkpoint(fold)]
        if of_detections:
            made_of.append(Path(self.options.detections))
            if self._note(row, fold) != f'{self._digest} {result.name}':
                return False
        made = result.stat().st_mtime_ns
        if any(made <= path.stat().st_mtime_ns for path in made_of):
            return False
        try:
            read_result(result)
        except (OSError, ValueError):
            return False
        return True

    def note_detections(self, row: str, fold: int) -> None:
        """Note which boxes the newest result is of; a copy keeps any time."""
        result = newest_result(self.work_dir(row, fold))
        if result is not None:
            with atomic_write(self._note_path(row, fold)) as file:
                file.write(f'{self._digest} {result.name}\n'.encode())

    def _note_path(self, row: str, fold: int) -> Path:
        return self.work_dir(row, fold) / 'detections.txt'

    def _note(self, row: str, fold: int) -> str:
        path = self._note_path(row, fold)
        return path.read_text().strip() if path.is_file() else ''

    @cached_property
    def _digest(self) -> str:
        return hashlib.sha256(Path(self.options.detections).read_bytes()).hexdigest()
