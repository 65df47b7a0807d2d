"""COCOResultsProposals: what any detector has written down."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from mmengine.structures import InstanceData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor

from ..utils.arguments import Count
from ..utils.log import warn
from ..utils.messages import first_few
from .base import Seen, Segment, Wanted
from .coco_json import pack, read_annotations, read_categories, read_results
from .detector import DetectorProposals


def _loose(image_id) -> str:
    """What VOC's ``2007_000033``, ``2007000033`` and ``000123``, 123 share."""
    text = re.sub(r'^(\d{4})_(\d{6})$', r'\1\2', str(image_id))
    return text.lstrip('0') or '0' if text.isdecimal() else text


@MODELS.register_module()
class COCOResultsProposals(DetectorProposals):
    """Boxes from a results file in COCO's format, by any detector.

    The file is a list of ``{"image_id", "category_id", "bbox": [x, y, width,
    height], "score"}``, as YOLOv7, the paper's detector, writes it with
    ``--save-json``. A box belongs to the picture whose file name, without its
    suffix, is the ``image_id``; numbers match with or without leading zeros
    and VOC's underscore, as tools write them, if no other picture's would.

    A picture without boxes may have none in truth, or not be in the file.
    ``ann_file`` tells which; without it a run stops when ``patience`` pictures
    have gone by and none was in the file.

    Args:
        file (str): The results.
        categories (str | dict[int, str], optional): What a ``category_id``
            means: ``'coco91'``, COCO's own ids from 1 to 90; ``'coco80'``, 0
            to 79 in COCO's order, as YOLO's own; or names by id. Defaults to
            those of ``ann_file``, and without to ``'coco91'``, unless an id 0
            says otherwise.
        ann_file (str, optional): The annotations in COCO's format that the
            detector ran on; their ``images`` say which ``file_name`` has
            which id.
        patience (int): See above.
        saw_test_classes (str): Whether the detector was trained on the test
            classes; a detector of COCO's 80 classes has seen VOC's 20.
        kwargs: Of :class:`DetectorProposals`.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If a file is broken, or has no category or picture in
            common with what it is used for.
    """

    def __init__(
        self,
        file: str,
        categories: str | dict | None = None,
        ann_file: str | None = None,
        patience: Count = 100,
        saw_test_classes: Seen = 'unknown',
        **kwargs,
    ):
        super().__init__(saw_test_classes=saw_test_classes, **kwargs)
        self.file = str(file)
        self.ann_file = ann_file
        self.patience = patience
        self._ids = None  # picture ids by file name, if ann_file says
        if ann_file:
            self._ids, theirs = read_annotations(ann_file)
            categories = categories or theirs
        self.categories = read_categories(categories or 'coco91')
        self.detector_names = tuple(self.categories.values())
        self._boxes, unknown = read_results(self.file, self.categories)
        if unknown:
            self._report_unknown(unknown, guessed=not categories)
        loose = Counter(map(_loose, self._boxes))
        self._loose = {
            _loose(key): key for key in self._boxes if loose[_loose(key)] == 1
        }
        if self._ids is not None:
            ids = {str(i) for i in self._ids.values()}
            self._compare(ids & set(self._boxes), len(ids), ids)
        self._seen: set[str] = set()
        # Whether the file is known to be about the pictures, and whether all
        # that are missing have been named.
        self._fits = self._ids is not None
        self._compared = False

    @property
    def source(self) -> str:
        """The class and the file."""
        return f'{type(self).__name__} {PurePath(self.file).name}'

    def _report_unknown(self, unknown: Counter, guessed: bool) -> None:
        """Count and name ids that are no category.

        Args:
            unknown (Counter): Boxes by category_id.
            guessed (bool): Whether no one said what an id means.

        Raises:
            ValueError: If nothing else is in the file, or its ids cannot be
                what was guessed.
        """
        number = sum(unknown.values())
        message = (
            f'{self.file}: {number} boxes have a category_id that '
            '`categories` does not know '
            f'({first_few(f"{k}: {n} boxes" for k, n in unknown.items())}).'
        )
        if 0 in unknown:
            message += (
                " COCO's own ids begin with 1. Write categories="
                "'coco80' if they go from 0 to 79, or 'coco91' to "
                'leave these boxes out.'
            )
        if not self._boxes or (guessed and 0 in unknown):
            raise ValueError(message)
        warn(f'{message} They are left out.')
        self.counts['boxes of an unknown category_id, left out'] += number

    def _compare(self, common: set, number: int, pictures: Iterable) -> None:
        """Refuse a file of other pictures.

        Raises:
            ValueError: If no picture is in the file.
        """
        if not common:
            raise ValueError(
                f'{self.file} and the {number} pictures have no id in common: '
                f'the file has {first_few(self._boxes) or "no box at all"}; the '
                f'pictures are {first_few(pictures)}. Give the file for these '
                'pictures, or by ann_file which picture has which id.'
            )

    def _find(self, stem: str) -> InstanceData | None:
        """The boxes of a picture; None if it is not known.

        Args:
            stem (str): Its file name without suffix.
        """
        if self._ids is not None:
            if stem not in self._ids:
                return None
            return self._boxes.get(str(self._ids[stem]), pack(()))
        if stem in self._boxes:
            return self._boxes[stem]
        return self._boxes.get(self._loose.get(_loose(stem)))

    def check_pictures(self, img_paths: Iterable[str]) -> None:
        """Compare the pictures of a run with those of the file.

        Args:
            img_paths (Iterable[str]): Of all pictures of the run.

        Raises:
            ValueError: If none is in the file, or two share a file name.
        """
        paths = sorted(set(img_paths))
        number = Counter(PurePath(path).stem for path in paths)
        twice = [path for path in paths if number[PurePath(path).stem] > 1]
        if twice:
            raise ValueError(
                f'{self.source} finds boxes by the file name of a picture, '
                f'and {first_few(twice)} share theirs. Give them names of their '
                'own.'
            )
        stems = set(number)
        loose = Counter(map(_loose, stems))
        self._loose = {
            key: image_id for key, image_id in self._loose.items() if loose[key] < 2
        }
        missing = sorted(s for s in stems if self._find(s) is None)
        self._compare(stems - set(missing), len(stems), sorted(stems))
        self._fits = self._compared = True
        if missing:
            warn(
                f'{len(missing)} of {len(stems)} pictures are not in '
                f'{self.ann_file or self.file} and have no box: '
                f'{first_few(missing)}.'
            )

    def propose(
        self,
        inputs: Sequence[Tensor],
        data_samples: Sequence[SegDataSample],
        wanted: Sequence[Wanted],
        segment: Segment,
    ) -> list[InstanceData]:
        """The boxes that the file has for the pictures.

        Raises:
            ValueError: If a sample has no ``img_path``, or the file is of
                other pictures.
        """
        found = []
        for sample in data_samples:
            if not sample.get('img_path'):
                raise ValueError(
                    'COCOResultsProposals finds a picture by its file name, '
                    "and a sample has no img_path. List 'img_path' in the "
                    'meta_keys of PackSegInputs; a picture that is no file '
                    'needs another source of proposals.'
                )
            stem = PurePath(sample.img_path).stem
            boxes = self._find(stem)
            self._fits |= boxes is not None
            if stem not in self._seen and not self._compared:
                self.count(
                    'pictures that are not in the file, without box', int(boxes is None)
                )
            self._seen.add(stem)
            found.append(pack(()) if boxes is None else boxes)
        if not self._fits and len(self._seen) >= self.patience:
            self._compare(set(), len(self._seen), sorted(self._seen))
        return found
