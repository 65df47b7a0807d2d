"""The rows of a column, and what makes their boxes."""

from dataclasses import dataclass, field
from pathlib import Path

from .options import Options


@dataclass
class Row:
    """A row of the column.

    Attributes:
        key (str): Its folder.
        title (str): What it is called in the table.
        plus (bool): Whether it is of ClsCLIP+.
        proposals (list[str]): Options of ClsCLIP+'s config that say where its
            boxes are from.
        of_detections (bool): Whether they are a detector's.
    """

    key: str
    title: str
    plus: bool = True
    proposals: list[str] = field(default_factory=list)
    of_detections: bool = False


def rows_of(options: Options) -> list[Row]:
    """List the rows that can be made."""
    own, truth = (
        ['model.proposals._delete_=True', f'model.proposals.type={kind}']
        for kind in ('SelfProposals', 'GroundTruthProposals')
    )
    rows = [
        Row('clsclip', 'ClsCLIP', plus=False),
        Row('plus_self', 'ClsCLIP+, boxes of its own first look', proposals=own),
        Row(
            'plus_ground-truth',
            'ClsCLIP+, boxes of the truth (oracle)',
            proposals=truth,
        ),
    ]
    if options.detections:
        file = Path(options.detections)
        rows.append(
            Row(
                f'plus_detector_{file.name.removesuffix(".json")}',
                f'ClsCLIP+, boxes of {file.name}',
                proposals=options.proposal_options,
                of_detections=True,
            )
        )
    return rows
