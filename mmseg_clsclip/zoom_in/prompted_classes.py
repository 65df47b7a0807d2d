"""AskedClasses: what a segmentor can be asked for, and where it answers."""

from collections.abc import Sequence

import torch
from mmseg.models.utils import resize
from mmseg.utils import get_classes
from torch import Tensor, nn

from ..models.segmentors.text_prompted import asks_by_name


class AskedClasses:
    """The classes of a segmentor: asked for by name, or a closed set.

    A segmentor whose ``text_encoder`` has ``names`` is asked for classes by
    their names; any other answers for all its classes at once.

    Args:
        segmentor (nn.Module): Any of mmseg's.
        classes (str | Sequence[str], optional): Names of a closed set in the
            order of its channels, or of a data set that mmseg knows. Defaults
            to those that ``init_model`` puts into the segmentor.

    Attributes:
        by_name (bool): Whether the segmentor can be asked by name.
    """

    def __init__(
        self, segmentor: nn.Module, classes: str | Sequence[str] | None = None
    ):
        self.segmentor = segmentor
        self.classes = get_classes(classes) if isinstance(classes, str) else classes
        self.by_name = asks_by_name(segmentor)

    @property
    def with_background(self) -> bool:
        """Whether channel 0 is the background of classes asked by name."""
        return self.by_name and getattr(self.segmentor, 'with_background', True)

    def names(self) -> list[str] | None:
        """Names of all classes by channel, None if they are not known."""
        if self.by_name:
            names = list(self.segmentor.text_encoder.names)
            return ['background'] * self.with_background + names
        meta = getattr(self.segmentor, 'dataset_meta', None) or {}
        names = self.classes or meta.get('classes')
        return list(names) if names else None

    @property
    def background(self) -> int | None:
        """Which channel is the background, None if none is known to be."""
        if self.by_name:
            # A class that is merely called so is one like others.
            return 0 if self.with_background else None
        names = self.names() or []
        return names.index('background') if 'background' in names else None

    def of(self, class_name: str | None) -> tuple[dict[str, int], int]:
        """What a sample asks for.

        Args:
            class_name (str, optional): The class of an episode.

        Returns:
            tuple[dict[str, int], int]: Names with their labels, and the
            number of channels of the segmentor's seg_logits.

        Raises:
            ValueError: If a closed set is asked for one class, or its names
                or channels are not known or do not fit each other.
        """
        if not self.by_name:
            return self._closed_set(class_name)
        asked = [class_name] if class_name else list(self.segmentor.text_encoder.names)
        channels = self.with_background + len(asked)
        # A single channel is label 1, by mmseg's threshold.
        first = 1 if channels == 1 else int(self.with_background)
        return {name: k + first for k, name in enumerate(asked)}, channels

    def _closed_set(self, class_name: str | None) -> tuple[dict[str, int], int]:
        kind = type(self.segmentor).__name__
        if class_name:
            raise ValueError(
                f'A sample asks for {class_name!r} alone, and {kind} cannot '
                'be asked for a class by its name. Test it on whole label '
                'maps: without EpisodeDataset around the data set, and with '
                "mmseg's IoUMetric."
            )
        names = self.names()
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
        return {
            name: k for k, name in enumerate(names) if name != 'background'
        }, channels

    def probabilities(self, logits: Tensor, wanted: dict[str, int]) -> Tensor:
        """Probabilities (K, H, W) of the wanted classes.

        Args:
            logits (Tensor): seg_logits (C, H, W) as mmseg gives them: a
                single channel is a probability already.
            wanted (dict[str, int]): Names with their labels.
        """
        if len(logits) == 1:
            return logits
        channels = list(wanted.values())
        if self.by_name:
            return logits[channels].sigmoid()
        return logits.softmax(dim=0)[channels]

    def margins(self, logits: Tensor) -> Tensor:
        """What episodes of classes that compete would say.

        Args:
            logits (Tensor): Of the whole vocabulary (C, H, W), or a single
                channel, which is a probability and stays so.

        Returns:
            Tensor: (C, H, W), each class's minus the best other channel's;
            the background's is 0. The argmax is the same.
        """
        if len(logits) == 1:
            return logits
        best, second = logits.topk(2, dim=0).values
        margins = logits - second.where(logits == best, best)
        if self.with_background:
            margins[0] = 0
        return margins

    def read(
        self, logits: Tensor, size: tuple[int, int], channels: int, label: int | None
    ) -> tuple[Tensor, Tensor]:
        """What the segmentor says of a region.

        Args:
            logits (Tensor): Its seg_logits (C, h, w), at its own size.
            size (tuple[int, int]): Height H and width W of the region.
            channels (int): Of the whole picture's seg_logits.
            label (int, optional): Of the class asked for by name; None for
                all of a closed set.

        Returns:
            tuple[Tensor, Tensor]: Values (1 or C, H, W): probabilities if
            ``channels`` is 1, otherwise logits, those of a single class
            positive where it is; and the label map (H, W) int16.
        """
        if len(logits) == 1:
            # A probability; the bound keeps the logit of certainty finite.
            logits = logits.logit(1e-7)
        elif label is not None:
            logits = logits[1:] - logits[:1]
        values = resize(
            logits[None],
            size=size,
            mode='bilinear',
            align_corners=self.segmentor.align_corners,
        )[0]
        if channels == 1:
            values = values.sigmoid()
        if channels == 1 or label is None:
            said = self.decide(values)
        else:
            said = (values > 0) * label
        return values, said[0].to(torch.int16)

    def decide(self, logits: Tensor) -> Tensor:
        """The label map (1, H, W) of seg_logits (C, H, W), as mmseg does."""
        if len(logits) > 1:
            return logits.argmax(dim=0, keepdim=True)
        return (logits > self.segmentor.decode_head.threshold).to(logits)
