"""The stages of a column: check, prepare, train, test, average."""

import sys
from pathlib import Path

from ..evaluation.fold_average import FOLDS
from ..utils.files import atomic_write
from .column import Column, Need
from .commands import Commands, note
from .detections import check_detections
from .options import BATCH_SIZE, NO_WEIGHTS, parse_options
from .progress import Progress, keep_recipe
from .rows import Row, rows_of

OPENAI_WEIGHTS = (
    "OpenAI's CLIP ViT-B/16: https://openaipublic.azureedge.net/clip/models/"
    '5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f/ViT-B-16.pt\n'
    '    Or let open_clip fetch it: --weights openai'
)
DETECTIONS_SOURCE = 'Boxes that a detector wrote: see docs/paper_tables.md.'
NO_FIGURES = ' | '.join('----')  # of the folds, or of the other columns


class Reproduction:
    """Makes a column of the paper's table, as far as it is not done.

    Args:
        column (Column): With its data set.
    """

    def __init__(self, column: Column):
        self.column = column
        self.options = column.options
        self.progress = Progress(self.options)
        self.commands = Commands(self.options.gpus, self.options.dry_run)
        self.rows = rows_of(self.options)
        self.recipe = (
            f'--weights {self.options.weights} '
            f'--iterations {self.options.iterations} '
            f'--cfg-options {" ".join(self.options.cfg_options)}'
        )

    def run(self) -> None:
        """Check, prepare, train, test and average.

        Raises:
            ValueError: If something is missing, or fits not what is there.
        """
        self.check()
        self.keep_recipes()
        for arguments in self.column.preparation():
            self.commands.run_python(*arguments)
        for fold in self.options.folds:
            self.train(fold)
            for row in self.rows:
                self.test(row, fold)
        averaged = [row for row in self.rows if self.average(row)]
        if not self.options.detections:
            note('No row of ClsCLIP+ as in the paper: --detections is not given.')
        if not self.options.dry_run and self.rows[0] in averaged:
            self.write_table(averaged)

    def check(self) -> None:
        """Name what is missing, and read the detector's file.

        Raises:
            ValueError: If something is, or the file is none.
        """
        needs = list(self.column.needs())
        if self.options.weights not in ('openai', NO_WEIGHTS):
            needs.append(Need(Path(self.options.weights), OPENAI_WEIGHTS))
        if self.options.detections:
            needs.append(Need(Path(self.options.detections), DETECTIONS_SOURCE))
        missing = [need for need in needs if not need.path.exists()]
        for path, source in missing:
            print(f'Missing: {path}\n    {source}', file=sys.stderr)
        if self.options.dry_run:
            return
        if missing:
            raise ValueError(
                'so nothing was run. --dry-run prints the commands all the same.'
            )
        if self.options.detections:  # rather now than after the training
            check_detections(
                self.column.plus_config(0),
                self.options.proposal_options,
                self.column.test_pictures(),
            )

    def keep_recipes(self) -> None:
        """Refuse folders of other recipes, see :func:`keep_recipe`."""
        out, dry_run = self.progress.out, self.options.dry_run
        keep_recipe(out, self.recipe, dry_run)
        for row in self.rows:
            if row.of_detections:
                recipe = (
                    f'--detections {self.options.detections} --detector-options '
                    f'{" ".join(self.options.detector_options)}'
                )
                keep_recipe(out / row.key, recipe, dry_run)

    def train(self, fold: int) -> None:
        """Train a fold, from its last checkpoint on."""
        checkpoint = self.progress.checkpoint(fold)
        if self.progress.is_trained(fold):
            note(f'Fold {fold} is trained: {checkpoint}')
            return
        self.commands.launch(
            'train',
            [self.column.config(fold)],
            *('--work-dir', str(checkpoint.parent)),
            '--resume',
            '--cfg-options',
            f'train_cfg.max_iters={self.options.iterations}',
            'randomness.seed=0',
            'default_hooks.checkpoint.max_keep_ckpts=2',
            f'param_scheduler.0.end={self.options.iterations}',
            f'train_dataloader.batch_size={BATCH_SIZE // self.options.gpus}',
            *self.column.data_options('train', fold),
            *self.column.data_options('test', fold),
            *self.options.model_options,
        )

    def test(self, row: Row, fold: int) -> None:
        """Test a fold for a row."""
        work_dir = self.progress.work_dir(row.key, fold)
        if self.progress.is_tested(row.key, fold, row.of_detections):
            note(f'Fold {fold} is tested, delete it to test again: {work_dir}')
            return
        if row.plus:
            config = self.column.plus_config(fold)
            model_options = self.options.plus_model_options
        else:
            config, model_options = (
                self.column.config(fold),
                self.options.model_options,
            )
        self.commands.launch(
            'test',
            [config, str(self.progress.checkpoint(fold))],
            *('--work-dir', str(work_dir)),
            '--cfg-options',
            *self.column.data_options('test', fold),
            *model_options,
            *row.proposals,
        )
        if row.of_detections and not self.options.dry_run:
            self.progress.note_detections(row.key, fold)

    def average(self, row: Row) -> bool:
        """Write the mean of a row's folds, if all of them are tested.

        Returns:
            bool: Whether they are.
        """
        for fold in FOLDS:
            would_be = self.options.dry_run and fold in self.options.folds
            if not would_be and not self.progress.is_tested(
                row.key, fold, row.of_detections
            ):
                note(f'No row of {row.key} yet: fold {fold} is not tested.')
                return False
        self.commands.run_python(
            'tools/average_folds.py',
            *(str(self.progress.work_dir(row.key, fold)) for fold in FOLDS),
            *('--name', row.title),
            *('--out-md', str(self._row_file(row))),
            quiet=True,
        )
        return True

    def _row_file(self, row: Row) -> Path:
        return self.progress.out / f'{row.key}.md'

    def write_table(self, rows: list[Row]) -> None:
        """Print and write all rows, ours above the paper's, and their protocols.

        Args:
            rows (list[Row]): That are averaged, ClsCLIP's the first.
        """
        # Of each file: the head, a rule, the row, a blank line, the protocol.
        files = [self._row_file(row).read_text().splitlines() for row in rows]
        lines = [
            *files[0][:3],
            self._paper_row('ClsCLIP, the paper', self.column.PAPER_MIOU),
            *(file[2] for file in files[1:]),
            self._paper_row(
                'ClsCLIP+ with YOLOv7, the paper', self.column.PAPER_PLUS_MIOU
            ),
        ]
        for row, file in zip(rows, files, strict=True):
            lines += ['', f'{row.key}: {file[4]}']
        lines += ['', f'Made with {self.recipe}']
        if self.options.weights == NO_WEIGHTS:
            lines += ['', 'The CLIP was random: these figures mean NOTHING.']
        text = '\n'.join(lines) + '\n'
        print(text, end='')
        with atomic_write(self.progress.out / 'table.md') as file:
            file.write(text.encode())

    @staticmethod
    def _paper_row(title: str, miou: float) -> str:
        return f'| {title} | {NO_FIGURES} | {miou} | - | {NO_FIGURES} |'


def main(kind: type[Column], argv: list[str] | None = None) -> None:
    """Make a column of the paper's table.

    Args:
        kind (type[Column]): The column.
        argv (list[str], optional): Defaults to the process's.
    """
    options = parse_options(
        kind.NAME, kind.FOLDERS, kind.MAX_FOLDERS, kind.ITERATIONS, argv
    )
    try:
        Reproduction(kind(options)).run()
    except (OSError, ValueError) as error:
        print(f'{kind.NAME}.py: {error}', file=sys.stderr)
        sys.exit(2)
