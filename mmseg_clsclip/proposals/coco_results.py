"""COCOResultsProposals: boxes that any detector has written to a file."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import PurePath
from typing import NoReturn

from mmengine.structures import InstanceData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor

from mmseg_clsclip_cli.messages import first_few

from ..utils.arguments import Count
from ..utils.log import warn
from .base import ClassLabels, SawTestClasses, Segment
from .coco_json import (
    file_stem,
    pack_detections,
    read_annotations,
    read_categories,
    read_results,
)
from .detector import DetectorProposals
from .image_index import ImageIndex


@MODELS.register_module()
class COCOResultsProposals(DetectorProposals):
    """Boxes from a results file in COCO's format, by any detector.

    The file is a list of ``{"image_id", "category_id", "bbox": [x, y, width,
    height], "score"}``, as YOLOv7, the paper's detector, writes it with
    ``--save-json``. A box belongs to the picture whose file name, without its
    suffix, is the ``image_id``; numbers match with or without leading zeros
    and VOC's underscore, as tools write them, if no other picture's would.

    A picture without boxes may have none in truth, or not be in the file.
    ``ann_file`` tells which; without it a run stops when none of the first
    ``patience`` pictures is in the file.

    Args:
        file (str): The results.
        categories (str | dict[int, str], optional): What a ``category_id``
            means: ``'coco91'``, COCO's own ids from 1 to 90; ``'coco80'``, 0
            to 79 in COCO's order, as YOLO's own; or names by id. Defaults to
            those of ``ann_file``, and without to ``'coco91'``; a file with an
            id 0 is then refused.
        ann_file (str, optional): The annotations in COCO's format that the
            detector ran on; their ``images`` say which ``file_name`` has
            which id.
        patience (int): Pictures after which a file of others is refused.
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
        saw_test_classes: SawTestClasses = 'unknown',
        **kwargs,
    ):
        super().__init__(saw_test_classes=saw_test_classes, **kwargs)
        self.file = str(file)
        self.ann_file = ann_file
        self.patience = patience
        annotated = None
        if ann_file:
            annotated, annotated_categories = read_annotations(ann_file)
            categories = categories or annotated_categories
        self.categories = read_categories(categories or 'coco91')
        self.detector_names = tuple(self.categories.values())
        self._boxes, unknown = read_results(self.file, self.categories)
        if unknown:
            self._report_unknown(unknown, guessed=not categories)
        self._index = ImageIndex(self._boxes, annotated)
        if annotated is not None:
            image_ids = set(map(str, annotated.values()))
            if image_ids.isdisjoint(self._boxes):
                self._refuse_pictures(image_ids)
        # Whether the file is about the pictures, and those not in it so far.
        self._matched = annotated is not None
        self._missing: set[str] = set()

    @property
    def source(self) -> str:
        """The class and the file."""
        return f'{type(self).__name__} {PurePath(self.file).name}'

    def _report_unknown(self, unknown: Counter, guessed: bool) -> None:
        """Count and name the category ids that are not known.

        Args:
            unknown (Counter): Numbers of boxes by category_id.
            guessed (bool): Whether the meaning of ids is not configured.

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

    def _refuse_pictures(self, pictures: Collection[str]) -> NoReturn:
        """Raise, since none of the pictures is in the file.

        Raises:
            ValueError: Always.
        """
        raise ValueError(
            f'{self.file} and the {len(pictures)} pictures have no id in common: '
            f'the file has {first_few(self._boxes) or "no box at all"}; the '
            f'pictures are {first_few(sorted(pictures))}. Give the file for these '
            'pictures, or by ann_file which picture has which id.'
        )

    def _find_boxes(self, stem: str) -> InstanceData | None:
        """Return the boxes of a picture, None if it is not known.

        Args:
            stem (str): Its file name without suffix.
        """
        image_id = self._index.find(stem)
        if image_id is None:
            return None
        return self._boxes.get(image_id, pack_detections(()))

    def check_pictures(self, img_paths: Iterable[str]) -> None:
        """Check that the file is about the pictures of a run.

        Args:
            img_paths (Iterable[str]): Of all pictures of the run.

        Raises:
            ValueError: If none is in the file, or two share a file name.
        """
        paths = sorted(set(img_paths))
        number = Counter(map(file_stem, paths))
        same_name = [path for path in paths if number[file_stem(path)] > 1]
        if same_name:
            raise ValueError(
                f'{self.source} finds boxes by the file name of a picture, '
                f'and {first_few(same_name)} share theirs. Give them names of their '
                'own.'
            )
        self._index.drop_ambiguous(number)
        missing = sorted(stem for stem in number if self._find_boxes(stem) is None)
        if number and len(missing) == len(number):
            self._refuse_pictures(missing)
        self._matched = self._matched or bool(number)
        self._missing.update(missing)
        if missing:
            warn(
                f'{len(missing)} of {len(number)} pictures are not in '
                f'{self.ann_file or self.file} and have no box: '
                f'{first_few(missing)}.'
            )

    def propose(
        self,
        inputs: Sequence[Tensor],
        data_samples: Sequence[SegDataSample],
        class_labels: Sequence[ClassLabels],
        segment: Segment,
    ) -> list[InstanceData]:
        """Return the boxes that the file has for the pictures.

        Raises:
            ValueError: If a sample has no ``img_path``, or the file is of
                other pictures.
        """
        proposals = []
        for sample in data_samples:
            if not sample.get('img_path'):
                raise ValueError(
                    'COCOResultsProposals finds a picture by its file name, '
                    "and a sample has no img_path. List 'img_path' in the "
                    'meta_keys of PackSegInputs; a picture that is no file '
                    'needs another source of proposals.'
                )
            stem = file_stem(sample.img_path)
            boxes = self._find_boxes(stem)
            if boxes is not None:
                self._matched = True
            elif stem not in self._missing:
                self._missing.add(stem)
                self.count('pictures that are not in the file, without box', 1)
            proposals.append(pack_detections(()) if boxes is None else boxes)
        if not self._matched and len(self._missing) >= self.patience:
            self._refuse_pictures(self._missing)
        return proposals
