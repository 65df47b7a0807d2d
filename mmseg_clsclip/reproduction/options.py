"""The command line of tools/reproduce/."""

import argparse
import os
import re
from dataclasses import dataclass
from pathlib import Path

from mmseg_clsclip_cli.number_types import count

from ..evaluation.fold_average import FOLDS

NO_WEIGHTS = 'None'  # as --cfg-options has it: random ones
BATCH_SIZE = 8  # of the configs, in all processes together


@dataclass(frozen=True)
class Options:
    """What the command line says, see its help."""

    folders: tuple[str, ...]
    weights: str
    detections: str | None
    detector_options: tuple[str, ...]
    gpus: int
    folds: tuple[int, ...]
    out: str
    iterations: int
    cfg_options: tuple[str, ...]
    dry_run: bool

    @property
    def model_options(self) -> list[str]:
        """Options of ClsCLIP's config: its CLIP, and the command line's."""
        return [f'model.backbone.pretrained={self.weights}', *self.cfg_options]

    @property
    def plus_model_options(self) -> list[str]:
        """The same of ClsCLIP+'s config, which knows no training."""
        options = []
        for option in self.model_options:
            if option.startswith('model.'):
                options.append(f'model.module.{option.removeprefix("model.")}')
            elif not option.startswith(
                ('train_', 'optim_wrapper.', 'param_scheduler.')
            ):
                options.append(option)
        return options

    @property
    def proposal_options(self) -> list[str]:
        """Options of ClsCLIP+'s config that name the detector's boxes."""
        return [
            f'model.proposals.{option}'
            for option in (f'file={self.detections}', *self.detector_options)
        ]


def _weights(text: str) -> str:
    """Return a file or tag, or ``NO_WEIGHTS``, however that is written."""
    return NO_WEIGHTS if text.lower() == 'none' else text


def parse_options(
    name: str, folders: str, max_folders: int, iterations: int, argv: list[str] | None
) -> Options:
    """Read the command line.

    Args:
        name (str): Of the script.
        folders (str): Its first arguments, for the usage.
        max_folders (int): How many of them there may be.
        iterations (int): Of the config's schedule.
        argv (list[str], optional): Defaults to the process's.

    Raises:
        SystemExit: If something on it, or about it, is invalid.
    """
    parser = argparse.ArgumentParser(
        prog=f'{name}.py',
        usage=f'%(prog)s {folders} --weights FILE [options]',
        allow_abbrev=False,
    )
    parser.add_argument('folders', nargs='*', help=argparse.SUPPRESS)
    parser.add_argument(
        '--weights',
        type=_weights,
        metavar='FILE',
        required=True,
        help='OpenAI\'s CLIP ViT-B/16; "openai" has open_clip fetch it, "none" is '
        'random, to try the script',
    )
    parser.add_argument(
        '--detections',
        metavar='FILE',
        help="a detector's boxes in COCO's format, for ClsCLIP+",
    )
    parser.add_argument(
        '--detector-options',
        metavar='KEY=VALUE',
        nargs='+',
        default=(),
        help='of COCOResultsProposals, such as categories=coco80',
    )
    parser.add_argument(
        '--gpus',
        type=int,
        choices=(1, 2, 4, 8),
        default=1,
        help=f'processes, one a GPU, that share a batch of {BATCH_SIZE}',
    )
    parser.add_argument('--folds', type=int, choices=FOLDS, nargs='+', default=FOLDS)
    parser.add_argument('--out', metavar='FOLDER', default=f'work_dirs/{name}')
    parser.add_argument('--iterations', type=count, default=iterations)
    parser.add_argument(
        '--cfg-options',
        metavar='KEY=VALUE',
        nargs='+',
        default=(),
        help='of configs/clsclip/; all but training holds for ClsCLIP+',
    )
    parser.add_argument(
        '--dry-run', action='store_true', help='print the commands and run none'
    )
    args = parser.parse_intermixed_args(argv)
    if not args.folders:
        parser.error(f'where is the data set? {folders}')
    if len(args.folders) > max_folders:
        parser.error(
            f'{" ".join(args.folders)}: only {folders} comes before the options.'
        )
    if not Path('configs/clsclip').is_dir():
        parser.error('run it where configs/ and tools/ are.')
    for path in (args.folders[0], args.weights, args.detections or ''):
        if re.search(r'[\s,]', path):
            parser.error(
                f'{path}: mmengine takes blanks out of --cfg-options, and reads commas '
                "as a list's; make a link to it whose path has neither."
            )
    nodes = os.environ.get('NNODES', '1')
    if nodes != '1':
        parser.error(
            f'NNODES={nodes}: the script is for one machine. Give each a fold,\n'
            '    --folds 0 and so on, and all the same --out.'
        )
    values = {
        key: tuple(value) if isinstance(value, (list, range)) else value
        for key, value in vars(args).items()
    }
    return Options(**values)
