"""Prediction: what a model said of a picture, before it is decided."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from mmseg.models.utils import resize
from torch import Tensor

from .provenance import Provenance


@dataclass
class Prediction:
    """Logits of a picture's classes, from which labels are drawn at will.

    Attributes:
        picture (np.ndarray): (H, W, 3) uint8, RGB.
        logits (Tensor): (K, h, w) float32 on the CPU, of each class's
            foreground. h x w is H x W, or smaller for a large picture.
        classes (tuple[tuple[str]]): The K classes, each with its synonyms.
        background (bool): Whether the model was asked with a background.
        palette (list): RGB of every label.
        random_weights (bool): If so, all of it means nothing.
        drawn_world (bool): If so, the model knows drawn shapes alone, and the
            picture may be a photograph.
        notes (tuple[str]): What a user should know.
        presence (tuple[float], optional): How likely each class is to be in the
            picture, if the model says it, see :class:`CLIPPresence`.
        asked (tuple[bool], optional): Of which classes a mask was asked; the
            others have no pixel. None: of all.
        provenance (Provenance, optional): Of the model that said it.
    """

    picture: np.ndarray
    logits: Tensor
    classes: tuple[tuple[str, ...], ...]
    background: bool
    palette: list
    random_weights: bool = False
    drawn_world: bool = False
    notes: tuple[str, ...] = ()
    presence: tuple[float, ...] | None = None
    asked: tuple[bool, ...] | None = None
    provenance: Provenance | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The name of every label; with a background it is label 0."""
        return ('background',) * self.background + tuple(
            synonyms[0] for synonyms in self.classes
        )

    @property
    def probabilities(self) -> Tensor:
        """The probabilities (K, h, w) float32 of the classes.

        With a background each class's own, that it is there rather than not;
        without one the classes compete, and they sum to 1.
        """
        if self.background:
            return self.logits.sigmoid()
        return self.logits.softmax(0)

    def labels(
        self, threshold: float = 0.5, background: bool | None = None
    ) -> np.ndarray:
        """Return the label map at the picture's size; nothing is run again.

        The likeliest class wins, and has to beat the threshold to beat the
        background. Smaller logits are enlarged class by class, so that
        memory does not grow with K.

        Args:
            threshold (float): A probability, between 0 and 1.
            background (bool, optional): False gives every pixel to a class;
                what number a class has stays the same, and if a mask was
                asked of none it is the likeliest's. Defaults to what the
                model was asked with.

        Returns:
            np.ndarray: (H, W), uint8, or int16 of more than 256 labels.

        Raises:
            ValueError: If the threshold is no probability, or there is no
                background to choose.
        """
        if not 0 < threshold < 1:
            raise ValueError(f'threshold={threshold}: between 0 and 1.')
        background = self.background if background is None else background
        if background and not self.background:
            raise ValueError(
                'The model was asked without a background; give '
                'background=True to the Predictor.'
            )
        size = self.picture.shape[:2]
        logit = math.log(threshold / (1 - threshold))
        best = torch.full(size, logit if background else -math.inf)
        labels = torch.zeros(
            size, dtype=torch.uint8 if len(self.names) <= 256 else torch.int16
        )
        if self.background and not background:
            labels += 1 + int(np.argmax(self.presence or [0]))
        asked = self.asked or (True,) * len(self.logits)
        for label, logits in enumerate(self.logits, int(self.background)):
            if not asked[label - self.background]:
                continue
            if logits.shape != size:
                logits = resize(
                    logits[None, None], size=size, mode='bilinear', align_corners=False
                )[0, 0]
            labels.masked_fill_(logits > best, label)
            torch.maximum(best, logits, out=best)
        return labels.numpy()
