"""What one visitor may ask of the page, so that the others get theirs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from starlette.exceptions import HTTPException
from torch.nn.modules.module import register_module_forward_pre_hook

from .outputs import check_labels

# Of an upload. 48 million pixels of a phone are some 60 MB as a PNG.
MAX_UPLOAD_BYTES = 100 * 2**20
# Of whatever else is sent, and around an upload.
MAX_MESSAGE_BYTES = 2**20
MAX_PIXELS = 50_000_000
# Of all names together, with their synonyms.
MAX_CHARACTERS = 10_000
# Pixels times names times models, which drawing takes time by: ADE20K's 150
# names on a photograph of 14 million pixels.
MAX_DECISIONS = 2**31
# Requests that wait; one is answered at a time.
MAX_WAITING = 16
# Of a request, see --time-limit.
DEFAULT_SECONDS = 60


def check_length(text: str) -> None:
    """Refuse names that are too long to be looked at.

    Raises:
        ValueError: If they are.
    """
    if len(text) > MAX_CHARACTERS:
        raise ValueError(
            f'The names have {len(text):,} characters, more than '
            f'the {MAX_CHARACTERS:,} that are taken here.'
        )


def limit_pixels(names: int, models: int) -> int:
    """Return how many pixels a picture may have.

    Args:
        names (int): That are looked for in it.
        models (int): That look for them.

    Raises:
        ValueError: If a mask does not hold them beside a background.
    """
    check_labels(names + 1)
    return min(MAX_PIXELS, MAX_DECISIONS // max(names * models, 1))


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Stop a model between two of its modules when its time is over.

    Raises:
        TimeoutError: If it is.
    """
    end = monotonic() + seconds

    def check_time(module, args):
        if monotonic() > end:
            raise TimeoutError(
                f'It took longer than {seconds:g} seconds. Ask for fewer '
                'names, or in a smaller picture.'
            )

    hook = register_module_forward_pre_hook(check_time)
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
        max_bytes = MAX_MESSAGE_BYTES
        if scope.get('path', '').rstrip('/').endswith('/upload'):
            max_bytes += MAX_UPLOAD_BYTES
        received = 0

        async def limited() -> dict:
            nonlocal received
            message = await receive()
            received += len(message.get('body', b''))
            if received > max_bytes:
                raise HTTPException(413, f'More than {max_bytes:,} bytes.')
            return message

        await self.app(scope, limited, send)
