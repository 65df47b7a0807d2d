"""The data sets inside of mmengine's wrappers."""

from torch.utils.data import Dataset


def wrapped_datasets(dataset: Dataset) -> list[Dataset]:
    """Return what a wrapper is around; nothing of a plain data set."""
    for name in ('_dataset', 'dataset'):  # the former forwards all else
        if getattr(dataset, name, None) is not None:
            return [getattr(dataset, name)]
    return list(getattr(dataset, 'datasets', None) or ())


def innermost_datasets(dataset: Dataset) -> list[Dataset]:
    """Return the plain data sets inside of all wrappers."""
    return [
        plain
        for wrapped in wrapped_datasets(dataset)
        for plain in innermost_datasets(wrapped)
    ] or [dataset]


def reduces_zero_label(dataset: Dataset) -> bool:
    """Return whether a plain data set ignores its label 0, as only mmseg's may."""
    return bool(getattr(dataset, 'reduce_zero_label', False))


def common_test_mode(dataset: Dataset) -> bool:
    """Return the ``test_mode`` of what is inside.

    Raises:
        ValueError: If it differs.
    """
    modes = {plain.test_mode for plain in innermost_datasets(dataset)}
    if len(modes) > 1:
        raise ValueError(
            'Of the joined data sets some have test_mode=True '
            'and some have not: set it for all or for none.'
        )
    return modes.pop()
