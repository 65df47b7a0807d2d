"""A column of the paper's table, and what its data set needs."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, NamedTuple

from .options import Options

Command = list[str]


class Need(NamedTuple):
    """A file or folder that must be there, and where it is from."""

    path: Path
    source: str


class Column(ABC):
    """A column of the paper's table.

    Args:
        options (Options): From the command line.
    """

    NAME: ClassVar[str]
    FOLDERS: ClassVar[str]  # of the command line, for its usage
    MAX_FOLDERS: ClassVar[int] = 1
    CONFIG: ClassVar[str]  # what the names of the configs have of the data set
    ITERATIONS: ClassVar[int]  # of the config's schedule
    PAPER_MIOU: ClassVar[float]
    PAPER_PLUS_MIOU: ClassVar[float]  # of ClsCLIP+ with YOLOv7

    def __init__(self, options: Options):
        self.options = options
        self.root = options.folders[0]

    def config(self, fold: int) -> str:
        """Return ClsCLIP's config."""
        return f'configs/clsclip/clsclip_vit-b16_{self.CONFIG}_fold{fold}.py'

    def plus_config(self, fold: int) -> str:
        """Return ClsCLIP+'s config."""
        return f'configs/clsclip_plus/clsclip-plus_vit-b16_{self.CONFIG}_fold{fold}.py'

    @abstractmethod
    def needs(self) -> Iterator[Need]:
        """List what is needed of the data set, there or not."""

    @abstractmethod
    def test_pictures(self) -> list[str]:
        """Return the names of the test pictures, with or without suffix."""

    @abstractmethod
    def preparation(self) -> Iterator[Command]:
        """List the arguments of Python that make what is missing."""

    @abstractmethod
    def data_options(self, loader: str, fold: int) -> list[str]:
        """Return the options of the loader 'train' or 'test' that name its data."""
