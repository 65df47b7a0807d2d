"""The options of a model that the command and the tools share."""

import argparse
from collections.abc import Sequence

from .model_files import clip_weights


class _DictAction(argparse.Action):
    """mmengine's ``DictAction``, which is imported when there are options.

    What it cannot read it says in words of its own, not of Python's.
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Sequence[str],
        option_string: str | None = None,
    ) -> None:
        from mmengine.config import DictAction

        action = DictAction(self.option_strings, self.dest, self.nargs)
        for value in values:
            try:
                action(parser, namespace, [value], option_string)
            except (AssertionError, ValueError) as error:
                raise argparse.ArgumentError(
                    self,
                    f'{value!r} is not KEY=VALUE, such as model.test_cfg.mode=whole '
                    '(quote it if it has blanks, commas or brackets).',
                ) from error


def add_config_options(
    parser: argparse.ArgumentParser,
    help: str = 'take the place of values in the config',
) -> None:
    """Add mmengine's ``--cfg-options`` to a tool."""
    parser.add_argument(
        '--cfg-options', nargs='+', action=_DictAction, metavar='KEY=VALUE', help=help
    )


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a Predictor's model: what is shipped, or another."""
    add = parser.add_argument
    add('--config', help='default: the shipped Shapes-5i model')
    add('--checkpoint', help='of the config')
    add(
        '--clip',
        type=clip_weights,
        metavar='FILE_OR_TAG',
        help="CLIP's weights, a file, a tag of open_clip, or 'none': random ones, "
        'to try things out with masks that mean nothing; without --config '
        'the training-free dense CLIP is asked',
    )
