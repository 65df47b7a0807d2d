"""Many items on several processes."""

import os
import time
from functools import partial

import pytest

from mmseg_clsclip.dataset_conversion.parallel_map import parallel_map


def whole(number, folder):
    """A file for every number that was begun; some are slow, and 40 fails."""
    (folder / str(number)).touch()
    if number == 40:
        raise ValueError('forty')
    time.sleep(0.01)
    return number, os.getpid()


@pytest.mark.parametrize('workers', [1, 2])
def test_results_come_in_order(workers, tmp_path, capsys):
    found = list(
        parallel_map(partial(whole, folder=tmp_path), range(40), 'files', workers)
    )
    assert [number for number, _ in found] == list(range(40))
    assert (os.getpid() in {process for _, process in found}) == (workers == 1)
    printed = capsys.readouterr()
    assert printed.out == '' and 'files' in printed.err


@pytest.mark.parametrize('workers', [1, 2])
def test_what_has_not_begun_when_one_fails_does_not_begin(workers, tmp_path):
    found = parallel_map(partial(whole, folder=tmp_path), range(2000), 'x', workers)
    with pytest.raises(ValueError, match='forty'):
        list(found)
    assert len(list(tmp_path.iterdir())) < 1000
