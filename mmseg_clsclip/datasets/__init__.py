from .episodes import EpisodeDataset, MakeEpisode
from .pascal import PASCAL5iDataset
from .shapes import Shapes5iDataset, ShapesBackend

__all__ = [
    'EpisodeDataset', 'MakeEpisode', 'PASCAL5iDataset', 'Shapes5iDataset',
    'ShapesBackend'
]
