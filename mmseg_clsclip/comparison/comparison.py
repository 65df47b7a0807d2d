"""A comparison: refused or prepared, run, drawn, written and shown."""

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .classes import unseen_classes
from .collect import collect_rows
from .comparability import (
    ask_for_same_classes,
    check_comparable,
    check_training,
    describe_protocols,
)
from .compared_models import ComparedModel, check_names_and_files, read_config
from .figures import draw_classes
from .panels import draw_pictures
from .pictures import most_different
from .report import Drawing, write_report
from .runs import check_folder
from .table import COSTS, NOTE, build_table, label_row


def prepare(models: list[ComparedModel], folder: Path) -> list[str]:
    """Refuse what cannot be compared, before anything is run.

    Returns:
        list[str]: Remarks for the report, a line each.

    Raises:
        ValueError: If names, configs, training or protocols are wrong.
        FileNotFoundError: If a file does not exist.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f'--out {folder} is a file; name a folder.')
    check_names_and_files(models)
    with_config = [model for model in models if model.config]
    for model in with_config:
        check_folder(model, folder)
        read_config(model)
    asked_for_more = ask_for_same_classes(models)
    describe_protocols(models)
    for model in models:
        if model.config:
            check_training(model)
        check_comparable(models[0], model)
    remarks = [
        f'{model.settings["samples"]} test samples, scored by '
        f'{" and ".join(str(metric["type"]) for metric in model.settings["metric"])}.'
        for model in with_config[:1]
    ]
    if asked_for_more:
        remarks.append(
            f'{", ".join(asked_for_more)}: asked for all classes, as the '
            'others are; the config asks for the unseen ones alone.'
        )
    return remarks


def compare(
    models: list[ComparedModel],
    folder: Path,
    remarks: list[str],
    pictures: int,
    console: Console,
    budget: float,
) -> list[dict]:
    """Run, draw and write a comparison, and print its table.

    Args:
        models (list[ComparedModel]): Prepared by :func:`prepare`.
        folder (Path): Where everything is written.
        remarks (list[str]): Of :func:`prepare`.
        pictures (int): The largest number of pictures that is drawn.
        console (Console): Prints the progress and the table.
        budget (float): Seconds for what is measured of each model, about.

    Returns:
        list[dict]: The rows, see :func:`collect_rows`.
    """
    rows = collect_rows(models, folder, console, budget)
    unseen = _counted_unseen(models)
    drawings = _draw(models, rows, unseen, folder, pictures)
    write_report(folder, rows, remarks, drawings, unseen)
    _print_table(rows, console)
    console.print(
        f'Wrote {folder / "report.html"}, report.md and report.json beside it.',
        highlight=False,
        markup=False,
    )
    return rows


def _counted_unseen(models: list[ComparedModel]) -> list[str]:
    """Return the classes that count as unseen, as far as a config tells."""
    for model in models:
        if model.config:
            unseen, counts = unseen_classes(model.cfg, model.dataset.metainfo)
            return unseen if counts else []
    return []


def _draw(
    models: list[ComparedModel],
    rows: list[dict],
    unseen: list[str],
    folder: Path,
    pictures: int,
) -> list[Drawing]:
    """Draw classes and pictures, where rows have them."""
    drawings = []
    rows = [row for row in rows if not row.get('error')]
    per_class = {label_row(row): row['per_class'] for row in rows if row['per_class']}
    if per_class:
        path = folder / 'classes.png'
        words = draw_classes(per_class, path, unseen)
        drawings.append(Drawing(path, 'Classes', words))
    predictions = {
        label_row(row): row['predictions']
        for row in rows
        if row.get('predictions') and Path(row['predictions']).is_dir()
    }
    if len(predictions) > 1 and pictures > 0:
        dataset = next(model.dataset for model in models if model.config)
        different = most_different(dataset, predictions, pictures)
        if different['samples']:
            path = folder / 'pictures.png'
            draw_pictures(different, list(predictions), path)
            words = (
                'Where models differ most, the most different first and no picture '
                f'twice, of {different["compared"]} samples: not a fair draw. '
                f'Differ: {different["measure"]}'
            )
            drawings.append(Drawing(path, 'Pictures', words))
    return drawings


def _print_table(rows: list[dict], console: Console) -> None:
    """Print as much of the table as fits a terminal: two figures, three costs.

    Notes, which are long, stand below it.
    """
    heads, lines = build_table(rows)
    cost = heads.index(COSTS[0])
    columns = [*range(min(3, cost)), *range(cost, cost + 3)]
    grid = Table(box=box.SIMPLE, pad_edge=False)
    for k in columns:
        grid.add_column(Text(heads[k]), justify='right' if k else 'left')
    for line in lines:
        if len(line) == len(heads):
            grid.add_row(*(Text(line[k].text) for k in columns))
    console.print(grid)
    for line in lines:
        if len(line) == len(heads) and heads[-1] == NOTE and line[-1].text:
            words = f'{line[0].text}: {line[-1].text}'
            console.print(words, highlight=False, markup=False)
