"""The hub of Hugging Face, asked once whether it answers."""

from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub import constants
from huggingface_hub.utils import get_session

# As long as huggingface_hub waits itself, at most, for an answer.
_SECONDS = 60


def _answers() -> bool:
    """Return whether the hub, or the proxy or mirror before it, says anything."""
    try:
        get_session().head(constants.ENDPOINT, timeout=_SECONDS)
    except Exception:  # whatever the HTTP library that is there can raise
        return False
    return True


@contextmanager
def cache_alone_if_offline() -> Iterator[None]:
    """Let huggingface_hub look in its cache alone if the hub does not answer.

    It would ask again for half a minute, for one file after another, and log
    each try.
    """
    # Another thread may be in here, too: what it has set is not put back by this one.
    if constants.HF_HUB_OFFLINE or _answers():
        yield
        return
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = False
