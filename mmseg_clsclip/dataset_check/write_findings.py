"""The findings as JSON, for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from ..utils.json_files import write_json
from ..version import __version__
from .findings import Finding


def write_findings(
    found: Mapping[str, Sequence[Finding]], config: str, path: Path
) -> None:
    """Write all findings, every file of each among them.

    Args:
        found (Mapping): By split, see :func:`check_config`.
        config (str): That was checked, as it was given.
        path (Path): Of the JSON, whole or not there.
    """
    findings = [
        dict(split=split, **asdict(finding))
        for split, those in found.items()
        for finding in those
    ]
    levels = [finding['level'] for finding in findings]
    content = dict(
        version=__version__,
        config=config,
        splits=[split for split in found if split != 'config'],
        errors=levels.count('error'),
        warnings=levels.count('warning'),
        findings=findings,
    )
    write_json(path, content)
