"""Region: a part of a picture that the segmentor sees by itself."""

from typing import NamedTuple


class Window(NamedTuple):
    """A rectangle of whole pixels; x2 and y2 are exclusive."""

    x1: int
    y1: int
    x2: int
    y2: int

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.y2 - self.y1, self.x2 - self.x1

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return slice(self.y1, self.y2), slice(self.x1, self.x2)


class Region(NamedTuple):
    """A window, and the class that the segmentor is prompted with.

    Attributes:
        window (Window): In pixels of the picture.
        class_name (str, optional): None for all classes of a closed set.
        label (int, optional): That of the class.
    """

    window: Window
    class_name: str | None = None
    label: int | None = None
