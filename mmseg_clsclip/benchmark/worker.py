"""Worker: a process that measures, and is replaced once something broke it."""

import gc
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic


def _serve(pipe: Connection, log: str) -> None:
    """Measure what the pipe asks for, until it closes or something fails."""
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):  # libraries' as well, even if they crash
        os.dup2(handle, stream)
    sys.stdout.reconfigure(line_buffering=True)  # it may be killed
    while True:
        try:
            function, args = pipe.recv()
        except EOFError:
            return
        try:
            for row in function(*args):
                pipe.send(('row', row))
            pipe.send(('done', None))
        except Exception:
            traceback.print_exc()
            pipe.send(('failed', traceback.format_exc()))
            return
        gc.collect()  # models that hold themselves, and a device's memory


class Worker:
    """A process that measures, and is replaced once something broke it.

    A device that has failed, or has run out of memory, may fail whatever its
    process asks next. So a new process goes on.

    Args:
        log (Path): Where goes what the process prints.
    """

    def __init__(self, log: Path):
        self.log = log
        self._process = self._pipe = None

    def _start(self) -> None:
        # A device cannot be shared with a process that was forked.
        context = get_context('spawn')
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, str(self.log)))
        self._process.start()
        theirs.close()

    def iter_rows(
        self, function: Callable[..., Iterator[dict]], *args, seconds: float
    ) -> Iterator[dict]:
        """Give the rows of a function as they come.

        Args:
            function (Callable): Of a module, with arguments that can be pickled.
            *args: Its arguments.
            seconds (float): How long it may take.

        Yields:
            dict: What the function yields.

        Raises:
            RuntimeError: If it fails, with its traceback, or its process dies.
            TimeoutError: If it takes longer.
        """
        deadline = monotonic() + seconds
        if self._process is None:
            self._start()
        try:
            self._pipe.send((function, args))
            while True:
                if not self._pipe.poll(max(0, deadline - monotonic())):
                    raise TimeoutError(f'not done after {seconds:.0f} seconds')
                kind, value = self._pipe.recv()
                if kind == 'done':
                    return
                if kind == 'failed':
                    raise RuntimeError(value)
                yield value
        except (EOFError, ConnectionError) as error:
            self._process.join(5)
            code = self._process.exitcode
            self.close()
            raise RuntimeError(
                f'its process ended with exit code {code}; see {self.log}'
            ) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the process, whatever it does; the next rows start a new one."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
        self._process = self._pipe = None
