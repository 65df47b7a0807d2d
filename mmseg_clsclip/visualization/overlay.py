"""A picture with the colours of its labels laid over it."""

import numpy as np
from numpy.typing import ArrayLike


def overlay_labels(
    picture: np.ndarray, labels: np.ndarray, colours: ArrayLike, opacity: ArrayLike
) -> np.ndarray:
    """Lay the colours of labels over a picture.

    Args:
        picture (np.ndarray): (H, W, 3), or (H, W, 1) of grey.
        labels (np.ndarray): (H, W), whole numbers.
        colours (ArrayLike): (K, 3), of each label, in the picture's range.
        opacity (ArrayLike): (K,), of each label; 0 leaves the picture as it is.

    Returns:
        np.ndarray: (H, W, 3).
    """
    share = np.asarray(opacity, float)[labels][..., None]  # (H, W, 1)
    return (1 - share) * picture + share * np.asarray(colours)[labels]
