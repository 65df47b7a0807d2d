"""mmseg's LoadAnnotations, which refuses masks that it would misread."""

import copy
import io
import os

import mmcv
import numpy as np
from mmcv.image import io as mmcv_io
from mmengine import fileio
from mmseg.datasets.transforms import LoadAnnotations
from mmseg.registry import TRANSFORMS
from PIL import UnidentifiedImageError

from mmseg_clsclip_cli.images import FORMATS, open_image

from ..masks import check_stored, describe_stretch
from .pipeline_steps import step_places


@TRANSFORMS.register_module()
class CheckedLoadAnnotations(LoadAnnotations):
    """mmseg's ``LoadAnnotations``, which refuses masks that it would misread.

    mmseg's own casts what it has decoded to 8 bits: 264 becomes 8, 0.7 and
    256 become 0. In a grey file of 4 bits decoders make 17 of 1. And it has
    Pillow try every format that it knows, even those for which Pillow starts
    other programs. A mask of another size than its picture it would let a crop
    hide. All else is as there, the arguments too.

    It takes the place of mmseg's own where a data set is read for a model of
    ours, see :func:`replace_loaders`; a config may name it as well.

    Raises:
        ValueError: If a value of the file is not the one that is made of it, or the
            mask is of another size than its picture.
        OSError: If it cannot be read, or is of no usual format.
    """

    @classmethod
    def from_plain(cls, loader: LoadAnnotations) -> 'CheckedLoadAnnotations':
        """Return a loader of this class with all that another one is set to."""
        loader = copy.copy(loader)
        loader.__class__ = cls
        return loader

    def transform(self, results: dict) -> dict:
        """Return the results with ``gt_seg_map``.

        A picture alone, as mmseg's inferencer gives it, which takes out mmseg's own
        loader by its name, stays as it is.
        """
        if 'seg_fields' not in results:
            return results
        results = super().transform(results)
        labels, size = results.get('gt_seg_map'), results.get('ori_shape')
        if labels is None or not size:
            return results
        if labels.ndim < 2 and labels.size == np.prod(size[:2]):
            # mmseg squeezes masks a pixel high or wide.
            results['gt_seg_map'] = labels = labels.reshape(size[:2])
        if labels.shape[:2] != tuple(size[:2]):
            raise ValueError(
                f'{results["seg_map_path"]} is {labels.shape[-1]} x '
                f'{labels.shape[0]} pixels, its picture {results["img_path"]} '
                f'{size[1]} x {size[0]}. Give each picture its own mask, at its '
                'own size.'
            )
        return results

    def _load_seg_map(self, results: dict) -> None:
        path = results['seg_map_path']
        try:
            self._check_file(path)
            super()._load_seg_map(results)
        except FileNotFoundError:
            raise
        except OSError as error:  # decoders do not know the file's name
            raise OSError(f'{path} cannot be read: {error}') from error

    def _check_file(self, path: str) -> None:
        """Refuse a file of an odd format, and values beyond 8 bits."""
        content = None
        if not os.path.isfile(path):
            content = fileio.get(path, backend_args=self.backend_args)
        backend = self.imdecode_backend or mmcv_io.imread_backend
        try:
            # No more than the header: most masks have 8 bits.
            with open_image(
                path if content is None else io.BytesIO(content), 'JPEG2000'
            ) as image:
                stretch = describe_stretch(image)
                if stretch:
                    raise ValueError(f'{path}: {stretch}.')
                if not image.mode.startswith(('I', 'F')):
                    return
        except UnidentifiedImageError as error:
            if backend == 'pillow':
                raise OSError(
                    f'it is broken, or none of {", ".join(FORMATS)}; save masks as PNG.'
                ) from error
        if content is None:
            content = fileio.get(path, backend_args=self.backend_args)
        stored = mmcv.imfrombytes(content, flag='unchanged', backend=backend)
        if stored is None:
            raise OSError(f'{backend} does not know its format; save masks as PNG.')
        check_stored(stored, path)


def find_loader(pipeline) -> LoadAnnotations | None:
    """Return the first transform of a pipeline that reads masks, if any."""
    loaders = (steps[place] for steps, place in step_places(pipeline))
    return next((step for step in loaders if isinstance(step, LoadAnnotations)), None)


def replace_loaders(pipeline) -> None:
    """Put checked loaders in the place of a pipeline's plain ones.

    Those of other classes, which read masks in a way of their own, stay.

    Args:
        pipeline: Built. Steps within others, as in ``TestTimeAug``, count.
    """
    for steps, place in step_places(pipeline):
        if type(steps[place]) is LoadAnnotations:
            steps[place] = CheckedLoadAnnotations.from_plain(steps[place])
