"""What one visitor may ask of the page, so that the others get theirs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from starlette.exceptions import HTTPException
from torch.nn.modules.module import register_module_forward_pre_hook

from .outputs import check_labels

# Of an upload. A phone's 48 million pixels are some 60 MB as a PNG.
BYTES = 100 * 2**20
# Of whatever else is sent, and around an upload.
MESSAGE = 2**20
PIXELS = 50_000_000
# Of all names together, with their synonyms.
CHARACTERS = 10_000
# Pixels times names times models, which drawing takes time by: ADE20K's 150
# names on a photograph of 14 million pixels.
DECISIONS = 2**31
# Requests that wait; one is answered at a time.
WAITING = 16
# Of a request, see --time-limit.
SECONDS = 60


def check_text(text: str) -> None:
    """Whether names are short enough to be looked at.

    Raises:
        ValueError: If they are not.
    """
    if len(text) > CHARACTERS:
        raise ValueError(
            f'The names have {len(text):,} characters, more than '
            f'the {CHARACTERS:,} that are taken here.'
        )


def most_pixels(names: int, models: int) -> int:
    """Of a picture in which so many models look for so many names.

    Raises:
        ValueError: If a mask does not hold them beside a background.
    """
    check_labels(names + 1)
    return min(PIXELS, DECISIONS // max(names * models, 1))


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Stop a model between two of its modules when its time is over.

    Raises:
        TimeoutError: If it is.
    """
    end = monotonic() + seconds

    def look(module, args):
        if monotonic() > end:
            raise TimeoutError(
                f'It took longer than {seconds:g} seconds. Ask for fewer '
                'names, or in a smaller picture.'
            )

    hook = register_module_forward_pre_hook(look)
    try:
        yield
    finally:
        hook.remove()


class BodyLimit:
    """Middleware that stops to receive what is longer than the page sends.

    Gradio limits each of many files, and nothing else.
    """

    def __init__(self, app: Callable):
        self.app = app

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        most = MESSAGE
        if scope.get('path', '').rstrip('/').endswith('/upload'):
            most += BYTES
        received = 0

        async def limited() -> dict:
            nonlocal received
            message = await receive()
            received += len(message.get('body', b''))
            if received > most:
                raise HTTPException(413, f'More than {most:,} bytes.')
            return message

        await self.app(scope, limited, send)
