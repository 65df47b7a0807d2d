"""What the dataset converters' command lines share."""

from typing import get_args

import pytest

from mmseg_clsclip.datasets.arguments import NovelHandling
from mmseg_clsclip_cli.conversion_options import NOVEL_HANDLING, exit_on_errors


def test_the_ways_of_handling_novel_classes_are_the_data_sets():
    assert get_args(NovelHandling) == NOVEL_HANDLING


@pytest.mark.parametrize(
    'error, text',
    [
        (ModuleNotFoundError(name='scipy.io'), 'scipy is missing: pip install scipy'),
        (FileNotFoundError('a.png'), 'FileNotFoundError: a.png'),
        (ValueError('no fold'), 'ValueError: no fold'),
    ],
)
def test_what_can_be_mended_is_one_line(error, text):
    with pytest.raises(SystemExit) as caught, exit_on_errors():
        raise error
    assert caught.value.code == text


def test_a_fault_of_ours_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError), exit_on_errors():
        raise ZeroDivisionError
