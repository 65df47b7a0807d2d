"""COCO's segmentations, looked at before the C code of pycocotools is.

That code believes what it is told: run lengths that are not the picture's
make it read and write beyond its memory, and of a polygon that it cannot
follow it draws nothing.
"""

import numpy as np

# Pixels: no picture is as wide, and no outline as long.
MAX_COORDINATE, MAX_OUTLINE = 2**20, 2 * 10**7


def check_segmentation(segmentation: list | dict, height: int, width: int) -> None:
    """Refuse polygons or run lengths that cannot be drawn on a picture.

    Args:
        segmentation (list | dict): Polygons, each ``[x, y, x, y, ...]``; or
            run lengths, ``{"size": [h, w], "counts": ...}``, as numbers or as
            COCO's text; or a list of these.
        height (int): Of the picture.
        width (int): Of the picture.

    Raises:
        ValueError: With why.
    """
    parts = segmentation if isinstance(segmentation, list) else [segmentation]
    if not parts:
        raise ValueError('it has no polygon')
    for part in parts:
        match part:
            case dict():
                _check_runs(part, height, width)
            case list():
                _check_polygon(part, height, width)
            case _:
                raise ValueError(
                    f'{str(part)[:40]} is neither a polygon, '
                    '[x, y, x, y, ...] in a list of such, nor run '
                    'lengths with size and counts'
                )


def _check_polygon(polygon: list, height: int, width: int) -> None:
    """Refuse a polygon that is no pairs of pixels.

    Raises:
        ValueError: With why.
    """
    if len(polygon) % 2:
        raise ValueError(
            f'a polygon has {len(polygon)} numbers, which are no pairs of x and y'
        )
    if any(isinstance(number, bool) for number in polygon):
        raise ValueError(f'a polygon holds what is no number: {str(polygon)[:80]}')
    try:
        points = np.array(polygon, np.float64).reshape(-1, 2)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f'a polygon holds what is no number: {str(polygon)[:80]}'
        ) from error
    far = ~(np.abs(points) <= MAX_COORDINATE)  # not a number is, too
    if far.any():
        raise ValueError(
            f'a polygon has the coordinate {points[far][0]:g}, '
            f'and the picture is not within {MAX_COORDINATE} pixels of '
            'it'
        )
    if (points.max(0) < 0).any() or (points.min(0) > [width, height]).any():
        raise ValueError(
            f'a polygon from {points.min(0).tolist()} to {points.max(0).tolist()} is '
            f'outside of the picture, {width} x {height} pixels'
        )
    steps = np.abs(points - np.roll(points, 1, axis=0)).max(1, initial=0)
    if steps.sum() > MAX_OUTLINE:
        raise ValueError(f'a polygon is {steps.sum():.0f} pixels long')


def _check_runs(runs: dict, height: int, width: int) -> None:
    """Refuse run lengths that do not fill the picture.

    Raises:
        ValueError: If they are of another size, or no such lengths.
    """
    missing = {'size', 'counts'} - set(runs)
    if missing:
        raise ValueError(f'run lengths lack {" and ".join(sorted(missing))}')
    size, counts = runs['size'], runs['counts']
    if not isinstance(size, list) or size != [height, width]:
        raise ValueError(
            f'run lengths of size {str(size)[:40]}, and the '
            f'picture is [{height}, {width}], height first'
        )
    if isinstance(counts, str):
        counts = _from_text(counts)
    elif not isinstance(counts, list):
        raise ValueError(
            f"counts are a list of run lengths or COCO's text, not {str(counts)[:40]}"
        )
    pixels = height * width
    for count in counts:
        # A float may be whole; what is not a number is not.
        if not (
            isinstance(count, (int, float)) and 0 <= count <= pixels and count % 1 == 0
        ):
            raise ValueError(f'{str(count)[:40]} is no run length of {pixels} pixels')
    if sum(counts) != pixels:
        raise ValueError(
            f'run lengths have {sum(counts)} pixels in sum, and the picture {pixels}'
        )


def _from_text(text: str) -> list[int]:
    """Return the run lengths of COCO's compressed text.

    Six bits a character, the lowest first: five of the number and whether
    more follow; from the fourth number on it is the difference to the last
    but one.

    Raises:
        ValueError: If it is no such text.
    """
    counts, number, shift = [], 0, 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64:
            raise ValueError(f'the counts hold the character {character!r}')
        number |= (bits & 31) << shift
        shift += 5
        if shift > 60:
            raise ValueError('the counts hold a number without end')
        if bits & 32:
            continue
        if bits & 16:
            number -= 1 << shift
        counts.append(number + (counts[-2] if len(counts) > 2 else 0))
        number = shift = 0
    if shift:
        raise ValueError('the counts break off')
    return counts
