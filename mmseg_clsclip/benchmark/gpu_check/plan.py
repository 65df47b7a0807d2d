"""Plan: what is measured, and how large it is."""

from dataclasses import dataclass

from mmseg_clsclip_cli.model_files import MEASURED_CONFIG

from ...utils.config_files import configs_folder
from ..products import MATRIX_SIDE, WIDTH
from ..random_models import Workload

# ViT-B/16, and ClsCLIP+ on it.
CONFIG = MEASURED_CONFIG
ZOOM_IN_CONFIG = 'clsclip_plus/clsclip-plus_vit-b16_pascal-5i-480x480_fold0.py'
# A CLIP of 8 blocks, 96 wide, on pictures of 64 x 64.
TINY_CONFIG = 'shapes/clsclip_shapes-5i_fold0.py'
TINY_ZOOM_IN_CONFIG = 'clsclip_plus/clsclip-plus_shapes-5i_fold0.py'


@dataclass(frozen=True)
class Plan:
    """What is measured, and how large it is.

    Attributes:
        device (str): Where it runs.
        tiny (bool): Whether this only tries the check itself.
        config (str): Of a ClsCLIP, below the folder of configs.
        zoom_in_config (str): Of its ClsCLIP+.
        width (int): Of the tower, for the ceiling of its layers.
        sizes (tuple[int, ...]): Of square pictures, in pixels; the last one is
            that of parts that take one size.
        classes (tuple[int, ...]): Numbers of names.
        batches (tuple[int, ...]): Pictures at once, for a single name.
        repeat (int): How often each is timed.
        naive_classes (int): The largest number that the naive path is timed on.
        matrix_side (int): Of the ceiling's matrices.
        tokens (int): Rows of the ceiling's layers.
        train_batch (int): Pictures of a training step.
        compilations (tuple[bool | dict, ...]): Values of the test_cfg's ``compile``.
        asked (int): Names that a presence keeps, of each number above it.
        boxes (tuple[int, ...]): Numbers of boxes of ClsCLIP+.
        picture (tuple[int, int]): Height and width of its picture.
        scenes (int): Of Shapes-5i's test set.
    """

    device: str
    tiny: bool = False
    config: str = CONFIG
    zoom_in_config: str = ZOOM_IN_CONFIG
    width: int = WIDTH
    sizes: tuple[int, ...] = (224, 480)
    classes: tuple[int, ...] = (1, 20, 171)
    batches: tuple[int, ...] = (1, 4, 16)
    repeat: int = 5
    naive_classes: int = 5
    matrix_side: int = MATRIX_SIDE
    tokens: int = 16384
    train_batch: int = 8
    # The second one keeps CUDA graphs.
    compilations: tuple[bool | dict, ...] = (
        True,
        dict(mode='reduce-overhead', dynamic=False),
    )
    asked: int = 3
    boxes: tuple[int, ...] = (0, 1, 5, 20)
    picture: tuple[int, int] = (480, 640)
    scenes: int = 500

    def workload(
        self,
        classes: int,
        device: str | None = None,
        size: int | None = None,
        dtype: str = 'float32',
        compile: bool | dict = False,
    ) -> Workload:
        """Return a model on one picture, of the last size unless it is said."""
        return Workload(
            str(configs_folder() / self.config),
            {'model.test_cfg.compile': compile} if compile else {},
            classes,
            dtype,
            device=device or self.device,
            shape=(1, 3, *[size or self.sizes[-1]] * 2),
        )


def tiny_plan(device: str) -> Plan:
    """Return a plan of seconds, by which the check itself is tried."""
    return Plan(
        device,
        tiny=True,
        config=TINY_CONFIG,
        zoom_in_config=TINY_ZOOM_IN_CONFIG,
        width=96,
        sizes=(32, 64),
        classes=(1, 4, 5),
        batches=(1, 2),
        repeat=1,
        naive_classes=2,
        matrix_side=64,
        tokens=64,
        train_batch=2,
        compilations=(dict(backend='eager'),),  # what compiles takes a minute
        boxes=(0, 2),
        picture=(48, 64),
        scenes=20,
    )
