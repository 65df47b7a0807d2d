"""SegmentorWrapper: a model that stands wherever its segmentor could."""

from collections.abc import Sequence

from mmengine.model import BaseTTAModel
from mmseg.utils import SampleList
from torch import Tensor, nn


class SegmentorWrapper(BaseTTAModel):
    """A segmentor with another ``predict``, for testing alone.

    It loads the checkpoint of the segmentor, its ``module``, and is a model
    or a ``tta_model`` to mmengine and mmseg. A subclass writes ``predict``.
    """

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        """Take a plain segmentor's weights, whoever loads them.

        mmengine's loading looks through this class, torch's own does not, and
        neither does mmengine's if a wrapper for several processes is around.
        """
        inner = prefix + 'module.'
        for key in [
            k for k in state_dict if k.startswith(prefix) and not k.startswith(inner)
        ]:
            if not key.startswith(prefix + 'proposals.'):
                state_dict[inner + key[len(prefix) :]] = state_dict.pop(key)
        super()._load_from_state_dict(state_dict, prefix, *args)

    @property
    def dataset_meta(self) -> dict:
        """Names and colours of the segmentor's classes."""
        return self.module.dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, value: dict) -> None:
        self.module.dataset_meta = value

    @property
    def decode_head(self) -> nn.Module:
        """Head of the segmentor, where mmseg's ``init_model`` looks for it."""
        return self.module.decode_head

    def test_step(self, data: dict) -> SampleList:
        """Segment a batch as a data loader gives it."""
        return self._run_forward(data, mode='predict')

    val_step = test_step

    def forward(
        self,
        inputs: Sequence[Tensor],
        data_samples: SampleList | None = None,
        mode: str = 'tensor',
    ) -> SampleList:
        """Run ``predict``, the only mode there is.

        Raises:
            NotImplementedError: If ``mode`` is another.
        """
        if mode != 'predict':
            raise NotImplementedError(
                f'{type(self).__name__} has no mode {mode!r}; it works when '
                'testing. Train the segmentor that is its `module`.'
            )
        return self.predict(inputs, data_samples)

    def merge_preds(self, data_samples_list: list) -> SampleList:
        """Raise, since there are no views of a picture to merge.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError(
            f'{type(self).__name__} has no views of whole pictures to merge; '
            'call test_step.'
        )
