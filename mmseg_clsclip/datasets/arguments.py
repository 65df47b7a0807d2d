"""Kinds of data sets' arguments, beside those of all classes."""

from math import inf
from typing import Annotated, Literal

from ..utils.arguments import Rule

# Of none a class would be asked for where it is not.
Area = Annotated[float, Rule('a number of pixels, 1 or more', lambda x: 1 <= x < inf)]
Fold = Annotated[int, Rule('a fold, 0 to 3', lambda fold: 0 <= fold <= 3)]
NovelHandling = Literal['drop_image', 'background', 'ignore']
# As numpy takes it.
Seed = Annotated[
    int, Rule('a whole number from 0 to 2**32 - 1', lambda n: 0 <= n < 2**32)
]
