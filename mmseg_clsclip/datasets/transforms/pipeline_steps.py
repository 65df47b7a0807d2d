"""The transforms of a pipeline, those within others too."""

from collections.abc import Iterator


def step_places(pipeline) -> Iterator[tuple[list, int]]:
    """Yield a list of transforms and a place in it, for each of a pipeline.

    Args:
        pipeline: Built, of mmengine's or mmcv's ``Compose``.
    """
    for key in ('transforms', 'subroutines'):
        steps = getattr(pipeline, key, None)
        steps = getattr(steps, 'transforms', steps)  # mmcv's KeyMapper has a Compose
        for place, step in enumerate(steps or ()):
            yield steps, place
            yield from step_places(step)
