"""Commands that are printed, so that a shell can read them, and run."""

import os
import shlex
import subprocess
import sys
from pathlib import Path


def note(text: str) -> None:
    """Print what is no command: a comment to a shell."""
    print(f'# {text}', flush=True)


class Commands:
    """Prints commands and runs them.

    PYTHON is the interpreter, this one by default; tools/dist_train.sh reads
    it and PORT as well.

    Args:
        gpus (int): Processes of a training or test.
        dry_run (bool): Whether none is run.
    """

    def __init__(self, gpus: int, dry_run: bool):
        self.gpus = gpus
        self.dry_run = dry_run
        self.python = os.environ.get('PYTHON') or sys.executable
        paths = [str(Path.cwd()), os.environ.get('PYTHONPATH')]
        self.env = dict(
            os.environ,
            PYTHON=self.python,
            PYTHONPATH=os.pathsep.join(path for path in paths if path),
        )

    def run_python(self, *args: str, quiet: bool = False) -> None:
        """Run a Python file.

        Raises:
            SystemExit: If it fails, with its status.
        """
        self._run([self.python, *args], quiet)

    def launch(self, tool: str, files: list[str], *args: str) -> None:
        """Run ``tools/train.py`` or ``tools/test.py``, in a process a GPU.

        Args:
            tool (str): ``'train'`` or ``'test'``.
            files (list[str]): A config and, to test, a checkpoint.
            args (str): What follows.

        Raises:
            SystemExit: If it fails, with its status.
        """
        if self.gpus == 1:
            self.run_python(f'tools/{tool}.py', *files, *args)
        else:
            self._run([f'tools/dist_{tool}.sh', *files, str(self.gpus), *args])

    def _run(self, command: list[str], quiet: bool = False) -> None:
        print(shlex.join(command), flush=True)
        if self.dry_run:
            return
        stdout = subprocess.DEVNULL if quiet else None
        done = subprocess.run(command, env=self.env, stdout=stdout)
        if done.returncode:
            sys.exit(done.returncode if done.returncode > 0 else 128 - done.returncode)
