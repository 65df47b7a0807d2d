"""COCO-Object: COCO's 80 object classes, all at once."""

from mmengine import fileio
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

from mmseg_clsclip_cli.required_files import require_files

from .coco import COCO_METAINFO
from .dataset_files import no_picture

MASKS_HINT = (
    '`tools/dataset_converters/coco_20i.py objects` writes the masks out of '
    "COCO-Stuff's, see docs/protocols.md."
)


@DATASETS.register_module()
class COCOObjectDataset(BaseSegDataset):
    """COCO-Object: the background and COCO's 80 classes, all at once.

    One of the open-vocabulary benchmarks; its pictures are those of COCO's
    val2017. A mask is an index PNG of its picture's name: 0 is the
    background, 1 to 80 are the classes in COCO's order. The arguments are
    those of mmseg's ``BaseSegDataset``.

    Raises:
        FileNotFoundError: If a folder, ``ann_file`` or masks do not exist.
        ValueError: If there is no picture.
    """

    METAINFO = COCO_METAINFO

    def load_data_list(self) -> list[dict]:
        """Return an entry a picture, all of which have a mask."""
        backend = fileio.get_file_backend(
            self.data_prefix['img_path'], backend_args=self.backend_args
        )
        for key, path in self.data_prefix.items():
            if path is not None and not backend.isdir(path):
                raise FileNotFoundError(
                    f'The folder {path} does not exist. Mend data_root or '
                    f'data_prefix.{key} of COCO-Object. {MASKS_HINT}'
                )
        if self.ann_file and not backend.exists(self.ann_file):
            raise FileNotFoundError(
                f'{self.ann_file} does not exist. It is a file with an id a '
                "line, or '' for every picture of the folder."
            )
        entries = super().load_data_list()
        if not entries:
            folder = self.data_prefix['img_path']
            raise no_picture(type(self).__name__, self.img_suffix, folder)
        masks = [entry.get('seg_map_path') for entry in entries]
        require_files([m for m in masks if m], 'masks', MASKS_HINT, backend.isfile)
        return entries
