"""mmseg's LoadAnnotations, which says when 8 bits do not hold a label."""

import io
import os

import mmcv
import numpy as np
from mmengine import fileio
from mmseg.datasets.transforms import LoadAnnotations as _LoadAnnotations
from mmseg.registry import TRANSFORMS
from PIL import UnidentifiedImageError

from ...utils.images import open_image
from ..masks import check_stored


# In the place of mmseg's, so that every pipeline has it: training and
# testing, within TestTimeAug, and around whatever segmentor.
@TRANSFORMS.register_module(name='LoadAnnotations', force=True)
class LoadAnnotations(_LoadAnnotations):
    """mmseg's ``LoadAnnotations``, which says when 8 bits do not hold a label.

    mmseg's own casts what it has decoded to 8 bits: 264 becomes 8, 0.7 and
    256 become 0. All else is as there, the arguments too.

    Raises:
        ValueError: If a value of the file is not the one that is left of it.
    """

    def _load_seg_map(self, results: dict) -> None:
        with np.errstate(invalid='ignore'):  # it is refused below
            super()._load_seg_map(results)
        path = results['seg_map_path']
        content = None
        if not os.path.isfile(path):
            content = fileio.get(path, backend_args=self.backend_args)
        try:
            # No more than the header: most masks have 8 bits.
            with open_image(io.BytesIO(content) if content else path) as image:
                if not image.mode.startswith(('I', 'F')):
                    return
        except UnidentifiedImageError:
            pass  # a format that only another decoder knows
        check_stored(
            mmcv.imfrombytes(
                content or fileio.get(path, backend_args=self.backend_args),
                flag='unchanged',
                backend=self.imdecode_backend,
            ),
            path,
        )
