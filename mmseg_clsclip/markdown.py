"""Names in Markdown."""
import re


def as_text(text: str) -> str:
    """A text that Markdown shows as it is, on one line, also in a table."""
    return re.sub(r'([\\`*\[\]<>|~$&])', r'\\\1', ' '.join(text.split()))
