from .episodes import EpisodeDataset, MakeEpisode
from .shapes import Shapes5iDataset, ShapesBackend

__all__ = ['EpisodeDataset', 'MakeEpisode', 'Shapes5iDataset', 'ShapesBackend']
