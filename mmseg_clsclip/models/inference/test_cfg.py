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
    """The options of a :class:`CLIPSegmentor`'s ``test_cfg``, beside mmseg's.

    Attributes:
        class_batch_size (int): How many classes go through the tower at once.
            Defaults to what suits the device, see
            :class:`~mmseg_clsclip.models.inference.class_batches.ClassBatcher`. If
            memory runs out there are fewer.
        labels_only (bool): For a whole vocabulary give ``pred_sem_seg`` without
            ``seg_logits``, so that memory does not grow with it. mmseg's
            ``SegTTAModel`` and :class:`ZoomIn` need the logits.
        dtype (str): Of autocast, ``'bfloat16'`` or ``'float16'``, or ``'float32'``
            for none whatever surrounds; ``'auto'`` for bfloat16 where the device
            is made for it, else float32.
        keep_classes (int): Ask only for so many classes of the vocabulary, the most
            like the picture by CLIP itself: a ``presence`` with ``max_asked`` and
            without a prior.
        compile (bool | dict): True lets ``torch.compile`` loose on what runs for
            each class, a dict has its options, too.
    """

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
