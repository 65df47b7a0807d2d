"""ClosedSetClasses: classes that a segmentor predicts all at once."""

from collections.abc import Sequence

from mmengine.structures import InstanceData
from mmseg.utils import get_classes
from torch import Tensor

from ..datasets.masks import is_background
from .canvas import ClosedSetCanvas
from .region import Region, Window
from .segmentor_classes import LabelSpace, SegmentorClasses
from .segmentor_protocol import ZoomableSegmentor


class ClosedSetClasses(SegmentorClasses):
    """The fixed classes of a segmentor; all of them in every region.

    Args:
        segmentor (ZoomableSegmentor): Whose classes they are.
        names (str | Sequence[str], optional): Their names by channel, or a
            data set that mmseg knows. Defaults to those of the segmentor's
            ``dataset_meta``, where ``init_model`` puts a checkpoint's.
    """

    canvas_type = ClosedSetCanvas

    def __init__(
        self, segmentor: ZoomableSegmentor, names: str | Sequence[str] | None = None
    ):
        super().__init__(segmentor)
        self._names = get_classes(names) if isinstance(names, str) else names

    @property
    def names(self) -> list[str] | None:
        """Names of all classes by channel, None if they are not known."""
        meta = getattr(self.segmentor, 'dataset_meta', None) or {}
        names = self._names or meta.get('classes')
        return list(names) if names else None

    @property
    def background(self) -> int | None:
        """Channel of the class called so, None if there is none."""
        names = self.names or []
        return next((k for k, name in enumerate(names) if is_background(name)), None)

    def get_label_space(self, class_name: str | None) -> LabelSpace:
        """Return all classes.

        Args:
            class_name (None): A closed set is never asked for one class.

        Raises:
            ValueError: If it is, or names and channels are not known or do
                not fit each other.
        """
        kind = type(self.segmentor).__name__
        if class_name:
            raise ValueError(
                f'A sample asks for {class_name!r} alone, and {kind} cannot '
                'be asked for a class by its name. Test it on whole label '
                'maps: without EpisodeDataset around the data set, and with '
                "mmseg's IoUMetric."
            )
        names = self.names
        channels = getattr(self.segmentor, 'out_channels', len(names or ()))
        if not channels:
            raise ValueError(
                f'{kind} does not say how many channels its results have; '
                'give ZoomIn the `classes`.'
            )
        # A single channel stands for two labels.
        number = max(channels, 2)
        if names is None:
            names = [f'class {k}' for k in range(number)]
            if channels == 1:
                names[0] = 'background'
        if len(names) != number:
            raise ValueError(
                f'{len(names)} names ({", ".join(names[:3])}, ...) do not fit '
                f'the {number} classes of the segmentor. Give ZoomIn its '
                '`classes` in the order of its channels.'
            )
        if channels == 1:  # of label 1; label 0 is its absence
            return LabelSpace({names[1]: 1}, channels)
        labels = {name: k for k, name in enumerate(names) if not is_background(name)}
        return LabelSpace(labels, channels)

    def list_regions(self, proposals: InstanceData) -> list[Region]:
        """Return the window of each proposal, whatever its class."""
        return [Region(Window(*window)) for window in proposals.windows.tolist()]

    def calibrate_whole(self, logits: Tensor) -> Tensor:
        """Return logits (C, H, W) as they are: regions have the same."""
        return logits

    def _activate(self, logits: Tensor) -> Tensor:
        return logits.softmax(dim=0)

    def _select_logits(self, logits: Tensor) -> Tensor:
        return logits

    def _label_logits(self, logits: Tensor, region: Region) -> Tensor:
        return self.label_pixels(logits)
