"""EpisodeVisualizer: masks over pictures, with an episode's class by its name."""

import inspect
import re
from collections import Counter
from collections.abc import Iterable, Sequence

import mmcv
import numpy as np
from mmengine.dist import is_main_process
from mmengine.structures import PixelData
from mmengine.visualization import LocalVisBackend
from mmseg.registry import VISUALIZERS
from mmseg.structures import SegDataSample
from mmseg.visualization import SegLocalVisualizer

from ..datasets.masks import is_background
from ..utils.keys import CLASS_NAME
from ..utils.palette import distinct_colours
from .name_tags import write_names
from .overlay import FILL, overlay_labels


def _on_picture(
    sample: SegDataSample | None, image: np.ndarray
) -> SegDataSample | None:
    """Cut off what a sample's maps have right of and below the picture."""
    if sample is None:
        return None
    height, width = image.shape[:2]
    maps = {
        key: sample.get(key) for key in ('gt_sem_seg', 'pred_sem_seg') if key in sample
    }
    if all(value.shape == (height, width) for value in maps.values()):
        return sample
    return SegDataSample(
        metainfo=sample.metainfo,
        **{key: value[:height, :width] for key, value in maps.items()},
    )


def names_apart(paths: Iterable[str]) -> dict[str, str]:
    """Name pictures by their last part, and by folders where two share it.

    Args:
        paths (Iterable[str]): Of all pictures; addresses will do.

    Returns:
        dict[str, str]: Names of those whose last part is not theirs alone.
    """
    parts = {path: path.replace('\\', '/').split('/') for path in paths}
    counts = Counter(part[-1] for part in parts.values())
    shared = {path: part for path, part in parts.items() if counts[part[-1]] > 1}
    # What all of them begin with tells nothing.
    common = 0
    while shared and len({tuple(part[: common + 1]) for part in shared.values()}) == 1:
        common += 1
    taken, names = {*counts}, {}
    for path, part in shared.items():
        name = '-'.join(part[common:])
        names[path] = f'{len(taken)}-{name}' if name in taken else name
        taken.add(names[path])
    return names


@VISUALIZERS.register_module()
class EpisodeVisualizer(SegLocalVisualizer):
    """mmseg's visualizer, which knows that a 1 is the class asked for.

    An episode's label 1 would be drawn by the name of the data set's class 1,
    and several episodes of one picture into one file, of which the last
    stays. Here each is drawn by the name that it asks for, into a file that
    ends with it. Maps on :class:`BAMLetterbox`'s square are cut to the
    picture. Every process draws its own pictures, and into a file for each
    that :meth:`tell_apart` was told of.

    Labels are painted by :func:`overlay_labels`: the background is left as it
    is, where mmseg's visualizer paints it black.

    Args:
        name (str): Of the instance.
        alpha (float): Opacity of a mask inside its edge, 0 to 1.
        kwargs: Of mmseg's ``SegLocalVisualizer``.
    """

    _names: dict[str, str] = {}

    # mmengine wants to see a name.
    def __init__(self, name: str = 'visualizer', alpha: float = FILL, **kwargs):
        super().__init__(name, alpha=alpha, **kwargs)

    def tell_apart(self, paths: Iterable[str]) -> None:
        """Set the paths of all pictures, as two may have one name in two folders."""
        self._names = names_apart(paths)

    @property
    def dataset_meta(self) -> dict | None:
        """Names and colours; mmengine's has them in the first process."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, meta: dict) -> None:
        self._dataset_meta = meta

    def add_image(self, name: str, image: np.ndarray, step: int = 0) -> None:
        """Hand an image to the backends; only files are every process's."""
        for backend in self._vis_backends.values():
            if is_main_process() or isinstance(backend, LocalVisBackend):
                backend.add_image(name, image, step)

    def _draw_sem_seg(
        self,
        image: np.ndarray,
        sem_seg: PixelData,
        classes: Sequence[str],
        palette: Sequence,
        with_labels: bool = True,
    ) -> np.ndarray:
        """Paint labels (1, H, W) over a picture, each with its name."""
        labels = np.asarray(sem_seg.cpu().data[0])  # (H, W)
        background = is_background(classes[0])
        painted = overlay_labels(
            image, labels, palette, background, self.alpha, min_side=1
        )
        if with_labels:
            painted = write_names(painted, labels, classes, palette, background)
        # Who asks for the drawing expects the picture's size, as mmseg's has.
        painted = mmcv.imresize(painted, image.shape[1::-1])
        self.set_image(painted)
        return painted

    def add_datasample(
        self,
        name: str,
        image: np.ndarray,
        data_sample: SegDataSample | None = None,
        *args,
        **kwargs,
    ) -> None:
        """Draw a picture with its labels, the truth on the left.

        Args:
            name (str): What the file is called; an episode's class follows.
            image (np.ndarray): (H, W, 3) uint8, RGB.
            data_sample (SegDataSample, optional): With ``gt_sem_seg`` or
                ``pred_sem_seg``, (1, H, W); an episode has ``class_name``.
            *args: As mmseg's.
            **kwargs: As mmseg's.
        """
        if kwargs.get('show') and not is_main_process():
            return
        # mmseg's own, that the first process alone would call.
        draw = inspect.unwrap(SegLocalVisualizer.add_datasample)
        # Of the sample, not of its metainfo: a caller may have set it as a field.
        told = SegDataSample() if data_sample is None else data_sample
        path, class_name = told.get('img_path'), told.get(CLASS_NAME)
        if path in self._names:
            last = re.split(r'[\\/]', path)[-1]
            name = name.replace(last, self._names[path])
        data_sample = _on_picture(data_sample, image)
        if class_name is None:
            draw(self, name, image, data_sample, *args, **kwargs)
            return
        meta = self.dataset_meta
        self.dataset_meta = dict(
            classes=('background', class_name),
            palette=distinct_colours(2, background=True),
        )
        # A name may have signs that no file's can, as in 'cup/mug'.
        suffix = re.sub(r'[^\w.-]+', '-', class_name)
        try:
            draw(self, f'{name}_{suffix}', image, data_sample, *args, **kwargs)
        finally:
            self.dataset_meta = meta
