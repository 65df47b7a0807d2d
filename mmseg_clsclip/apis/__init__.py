"""Pictures of one's own, segmented by names."""

from .prediction import Prediction
from .predictor import Predictor

__all__ = ['Prediction', 'Predictor']
