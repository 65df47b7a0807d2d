"""A worker: rows as they come, and a new process after each failure."""

import os
import signal
import time

import pytest

from mmseg_clsclip.benchmark.worker import Worker


def count(number):
    print(f'counted to {number}')
    for k in range(number):
        yield dict(k=k, process=os.getpid())


def count_and_fail(number):
    yield from count(number)
    raise ValueError('no memory for this')


def count_and_die(number):
    yield from count(number)
    os.kill(os.getpid(), signal.SIGKILL)


def count_and_hang(number):
    yield from count(number)
    time.sleep(600)


@pytest.fixture
def worker(tmp_path):
    worker = Worker(tmp_path / 'log.txt')
    yield worker
    worker.close()


def collect(rows, into):
    for row in rows:
        into.append(row)


@pytest.mark.slow
def test_one_process_measures_all_until_one_fails(worker):
    gone = []
    for function, error, told, seconds in (
        (count_and_fail, RuntimeError, 'ValueError: no memory for this', 60),
        (count_and_die, RuntimeError, 'exit code -9; see .*log.txt', 60),
        (count_and_hang, TimeoutError, 'not done after 1 seconds', 1),
    ):
        rows = list(worker.iter_rows(count, 1, seconds=60))
        with pytest.raises(error, match=told):
            collect(worker.iter_rows(function, 2, seconds=seconds), rows)
        assert [row['k'] for row in rows] == [0, 0, 1]  # what came before stays
        (process,) = {row['process'] for row in rows}
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
        gone.append(process)
    assert len({*gone, os.getpid()}) == 4
    told = worker.log.read_text()
    assert told.startswith('counted to 1\ncounted to 2\nTraceback')
