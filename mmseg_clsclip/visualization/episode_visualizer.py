"""EpisodeVisualizer: mmseg's drawings, with an episode's class by its name."""
import re

import numpy as np
from mmseg.registry import VISUALIZERS
from mmseg.structures import SegDataSample
from mmseg.visualization import SegLocalVisualizer


def _on_picture(sample: SegDataSample | None,
                image: np.ndarray) -> SegDataSample | None:
    """The sample without what its maps have right of and below the picture."""
    maps = {} if sample is None else {
        key: value for key, value in sample.items()
        if key in ('gt_sem_seg', 'pred_sem_seg')
    }
    height, width = image.shape[:2]
    if all(value.shape == (height, width) for value in maps.values()):
        return sample
    return SegDataSample(
        metainfo=sample.metainfo,
        **{key: value[:height, :width] for key, value in maps.items()})


@VISUALIZERS.register_module()
class EpisodeVisualizer(SegLocalVisualizer):
    """mmseg's visualizer, which knows that a 1 is the class asked for.

    An episode's label 1 would be drawn by the name of the data set's class 1,
    and several episodes of one picture into one file, of which the last
    stays. Here each is drawn by the name that it asks for, into a file that
    ends with it. Maps on :class:`BAMLetterbox`'s square are cut to the
    picture. Anything else is drawn as by mmseg.
    """

    def add_datasample(self,
                       name: str,
                       image: np.ndarray,
                       data_sample: SegDataSample | None = None,
                       *args,
                       **kwargs) -> None:
        """Draw a picture with its labels, the truth on the left.

        Args:
            name (str): What the file is called; an episode's class follows.
            image (np.ndarray): (H, W, 3) uint8, RGB.
            data_sample (SegDataSample, optional): With ``gt_sem_seg`` or
                ``pred_sem_seg``, (1, H, W); an episode has ``class_name``.
            *args: As mmseg's.
            **kwargs: As mmseg's.
        """
        data_sample = _on_picture(data_sample, image)
        asked = getattr(data_sample, 'class_name', None)
        if asked is None:
            super().add_datasample(name, image, data_sample, *args, **kwargs)
            return
        meta = self.dataset_meta
        self.dataset_meta = dict(
            classes=('background', asked),
            palette=[[0, 0, 0], [255, 0, 255]])
        # A name may have signs that no file's can, as in 'cup/mug'.
        told = re.sub(r'[^\w.-]+', '-', asked)
        try:
            super().add_datasample(f'{name}_{told}', image, data_sample, *args,
                                   **kwargs)
        finally:
            self.dataset_meta = meta
