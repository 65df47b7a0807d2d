"""TorchvisionProposals: boxes of torchvision's detectors, found live."""

from collections.abc import Sequence
from pathlib import Path

import torch
import torchvision
from mmengine.structures import InstanceData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor
from torchvision.models import get_model, get_model_weights, list_models

from ..models.clip.frozen import Frozen
from ..utils.arguments import Share
from ..utils.log import warn
from .base import ClassLabels, SawTestClasses, Segment
from .detector import DetectorProposals


@MODELS.register_module()
class TorchvisionProposals(DetectorProposals):
    """Boxes of one of torchvision's detectors, found while testing.

    Nothing is downloaded unless ``weights`` names a tag. The detector is in
    no checkpoint.

    Args:
        model (str): A name in ``torchvision.models.detection``.
        weights (str, optional): A tag such as ``'COCO_V1'`` or ``'DEFAULT'``,
            which downloads if need be, or a local file with the state dict.
            None leaves random weights, for trying things out.
        categories (Sequence[str], optional): Names of the detector's labels
            from 0 on, the background included, for a file whose classes are
            not COCO's.
        saw_test_classes (str, optional): Defaults to ``'yes'``, since what
            such a detector can name it was trained on; ``'no'`` for random
            weights.
        score_thr (float): As in :class:`DetectorProposals`; scores are from 0 to 1.
        kwargs: Of :class:`DetectorProposals`.

    Raises:
        ValueError: If there is no such model, tag or file, or the file does
            not fit the model.
        ConnectionError: If a tag's weights cannot be fetched.
    """

    def __init__(
        self,
        model: str = 'fasterrcnn_resnet50_fpn_v2',
        weights: str | None = None,
        categories: Sequence[str] | None = None,
        saw_test_classes: SawTestClasses | None = None,
        score_thr: Share = 0.25,
        **kwargs,
    ):
        saw_test_classes = saw_test_classes or ('yes' if weights else 'no')
        super().__init__(
            saw_test_classes=saw_test_classes, score_thr=score_thr, **kwargs
        )
        known = list_models(module=torchvision.models.detection)
        if model not in known:
            raise ValueError(f'model={model!r}: torchvision has {known}.')
        self.model_name = model
        tags = get_model_weights(model)
        if categories is None:
            categories = tags.DEFAULT.meta['categories']
        self.categories = tuple(categories)
        self.detector_names = tuple(
            name
            for name in self.categories
            if name not in ('__background__', 'no person', 'N/A')
        )
        tag = state = None
        if weights is None:
            warn(f'{self.source} has random weights; its boxes mean nothing.')
        elif weights in tags.__members__:
            tag = tags[weights]
        else:
            state = self._read_state_dict(weights, list(tags.__members__))
        try:
            detector = get_model(
                model,
                weights=tag,
                weights_backbone=None,
                num_classes=len(self.categories),
            )
        except OSError as error:  # without a network, or a place for the file
            raise ConnectionError(
                f'The weights {weights!r} of {model} could not be fetched ({error}). '
                f'Get {tag and tag.url} on a machine with a network, copy the file '
                "here and write weights='/path/to/that file'."
            ) from error
        if state is not None:
            try:
                detector.load_state_dict(state)
            except RuntimeError as error:
                raise ValueError(
                    f'{weights} does not fit a {model} with '
                    f'{len(self.categories)} categories: {error}'
                ) from error
        self.detector = Frozen(detector)

    @staticmethod
    def _read_state_dict(file: str, tags: list[str]) -> dict[str, Tensor]:
        """Read the weights in a file.

        Raises:
            ValueError: If there is no file, or none of weights.
        """
        if not Path(file).is_file():
            raise ValueError(
                f'weights={file!r} is neither a file nor one of '
                f'the tags of this model: {tags}.'
            )
        try:
            state = torch.load(file, map_location='cpu', weights_only=True)
        except Exception as error:  # whatever a broken file leads to
            raise ValueError(
                f'{file} could not be read as weights ({type(error).__name__}).'
            ) from error
        if not isinstance(state, dict):
            raise ValueError(
                f'{file} holds a {type(state).__name__}; a state dict is needed.'
            )
        # torchvision's own trainings keep the optimizer beside it.
        return state['model'] if isinstance(state.get('model'), dict) else state

    @property
    def source(self) -> str:
        """The class and the detector."""
        return f'{type(self).__name__} {self.model_name}'

    def propose(
        self,
        inputs: Sequence[Tensor],
        data_samples: Sequence[SegDataSample],
        class_labels: Sequence[ClassLabels],
        segment: Segment,
    ) -> list[InstanceData]:
        """Return the detector's boxes in the pictures."""
        device = next(self.detector.parameters()).device
        with torch.no_grad():
            # torchvision's take RGB from 0 to 1, each of its own size.
            results = self.detector(
                [picture[[2, 1, 0]].to(device).float() / 255 for picture in inputs]
            )
        return [
            InstanceData(
                bboxes=result['boxes'],
                scores=result['scores'],
                names=[self.categories[k] for k in result['labels'].tolist()],
            )
            for result in results
        ]
