"""ImageIndex: from a picture's file name to its id in a results file."""

import re
from collections import Counter
from collections.abc import Collection, Mapping


def normalize_id(image_id: int | str) -> str:
    """Return what VOC's ``2007_000033``, ``2007000033`` and ``000123``, 123 share."""
    text = re.sub(r'^(\d{4})_(\d{6})$', r'\1\2', str(image_id))
    return text.lstrip('0') or '0' if text.isdecimal() else text


class ImageIndex:
    """The image ids of pictures, by their file names without suffix.

    Without annotations the name is the id. Numbers match with or without
    leading zeros and VOC's underscore, where one id and one picture do.

    Args:
        image_ids (Collection[str]): Those of the results file.
        annotated (Mapping, optional): Image ids by file name without suffix,
            if annotations say which picture has which.
    """

    def __init__(
        self,
        image_ids: Collection[str],
        annotated: Mapping[str, int | str] | None = None,
    ):
        self.annotated = annotated
        self._image_ids = set(image_ids)
        number = Counter(map(normalize_id, image_ids))
        self._by_normalized_id = {
            normalize_id(image_id): image_id
            for image_id in image_ids
            if number[normalize_id(image_id)] == 1
        }

    def find(self, stem: str) -> str | None:
        """Return the id of a picture, None if it is not known."""
        if self.annotated is not None:
            return str(self.annotated[stem]) if stem in self.annotated else None
        if stem in self._image_ids:
            return stem
        return self._by_normalized_id.get(normalize_id(stem))

    def drop_ambiguous(self, stems: Collection[str]) -> None:
        """Match no number any more that several of these pictures share."""
        for key, number in Counter(map(normalize_id, stems)).items():
            if number > 1:
                self._by_normalized_id.pop(key, None)
