"""The options of inference, checked."""

from typing import Annotated, Literal, TypedDict, get_type_hints

from ...utils.arguments import Count, Rule, check_keys, check_values

Size = Annotated[
    tuple[Count, Count], Rule('a height and a width in pixels: (224, 224)')
]


class WindowsCfg(TypedDict, total=False):
    """The options of mmseg's inference, and of how much at once."""

    mode: Literal['whole', 'slide']
    crop_size: Size | None
    stride: Size | None
    class_batch_size: Count | None


class CLIPTestCfg(WindowsCfg, total=False):
    """See :class:`~mmseg_clsclip.models.segmentors.CLIPSegmentor`."""

    labels_only: bool | None
    dtype: Literal['float32', 'bfloat16', 'float16', 'auto'] | None
    keep_classes: Count | None
    compile: bool | dict | None


def check_test_cfg(where: str, test_cfg: dict, kind: type) -> None:
    """Refuse what nothing reads, and what cannot be done.

    Args:
        where (str): Whose it is, for the message.
        test_cfg (dict): With a ``mode``.
        kind (type): One of the above.

    Raises:
        ValueError: If there is any.
    """
    where = f'{where}: test_cfg'
    kinds = get_type_hints(kind, include_extras=True)
    # mmengine's own, such as _scope_, are none of ours.
    check_keys(where, [k for k in test_cfg if not k.startswith('_')], kinds)
    if test_cfg['mode'] == 'slide':
        kinds.update(crop_size=Size, stride=Size)
        test_cfg = {'crop_size': None, 'stride': None, **test_cfg}
    check_values(where, test_cfg, kinds)
