"""What the page in the browser asks the models, and what it shows of them."""

import copy
import html
import re
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import NamedTuple

import gradio as gr
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder, is_in_or_equal
from mmseg.registry import MODELS
from PIL import Image

from mmseg_clsclip_cli.errors import REQUEST_ERRORS, describe_picture_error

from ..utils.config_files import configs_folder
from ..zoom_in import ZoomIn
from . import limits, outputs
from .class_names import split_synonyms
from .configs import put_zoom_in
from .image_io import read_image
from .prediction import Prediction
from .predictor import Predictor

# As their papers spell them.
MODELS_BY_NAME = {
    name.lower(): name
    for name in (
        *('ClsCLIP', 'MaskCLIP', 'SCLIP', 'NACLIP', 'ClearCLIP'),
        *('LSeg', 'FiLM', 'CLIPSeg', 'SAM3', 'DenseCLIP'),
    )
}


class Answer(NamedTuple):
    """What the page keeps of a request.

    Attributes:
        picture (str): Name of the file.
        predictions (list[Prediction]): One of each model.
        look (tuple): Threshold and background that it was first shown with.
    """

    picture: str
    predictions: list[Prediction]
    look: tuple[float, bool]


def add_zoom_in(plain: Predictor) -> Predictor:
    """Return the same with a zoom-in; both ask one segmentor in memory."""
    plus, cfg = copy.copy(plain), copy.deepcopy(plain.model.cfg)
    put_zoom_in(cfg)
    plus.model = MODELS.build(dict(cfg.model, module=plain.model)).eval()
    plus.model.cfg = cfg
    return plus


def escape_text(text: str) -> str:
    """Return a text that neither Markdown nor HTML takes for anything else."""
    return re.sub(r'[^\w\s-]', lambda match: f'&#{ord(match[0])};', text)


def read_config_name(predictor: Predictor) -> str:
    """Return the name of its config, as the page shows it."""
    return escape_text(Path(predictor.model.cfg.filename).stem)


def read_model_name(predictor: Predictor) -> str:
    """Return what a config's name begins with, mmseg's algorithm."""
    model = Path(predictor.model.cfg.filename).stem.split('_')[0]
    base, *variant = model.split('-', 1)
    return escape_text('-'.join([MODELS_BY_NAME.get(base, base), *variant]))


def read_threshold(value) -> float | None:
    """Return the threshold of a request, None if it is no probability.

    Gradio's own refuses, and a page that is refused forgets what was typed
    since: of '0.95', all that came after '0'.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and 0 < value < 1 else None


def show_results(
    answer: Answer | None, threshold: float | None, background: bool
) -> list[Image.Image | str] | dict:
    """Draw overlay and mask of each prediction, and say what is in them.

    No model is asked. A threshold of None, which is not one yet, changes
    nothing.

    Returns:
        list: Of each prediction overlay, mask, Markdown, and the path of its
            JSON, see docs/demo.md.
    """
    if answer is None or threshold is None:
        return gr.skip()
    shown = []
    for prediction in answer.predictions:
        labels = prediction.labels(threshold, background)
        summary = outputs.summarize(
            prediction, labels, answer.picture, threshold if background else None
        )
        _hide_paths(summary)
        said = outputs.describe_classes(summary['found'], summary['not_found'])
        shown += [
            outputs.draw_overlay(prediction, labels),
            outputs.draw_mask(prediction, labels),
            '  \n'.join(escape_text(line).replace('_', '&#95;') for line in said),
            save_bytes_to_cache(
                outputs.encode_json(summary),
                _name_figures(answer.picture, summary),
                get_upload_folder(),
            ),
        ]
    return shown


def show_moved(
    answer: Answer | None, threshold: float | None, background: bool
) -> list[Image.Image | str] | dict:
    """Show results again if the threshold or background moved while they came.

    As :func:`show_results` does.
    """
    if answer is None or answer.look == (threshold, background):
        return gr.skip()
    return show_results(answer, threshold, background)


def _hide_paths(summary: dict) -> None:
    """Leave out of what is downloaded where the server's files lie."""
    model = summary['model']
    if model and model['config'] and not (configs_folder() / model['config']).is_file():
        model['config'] = Path(model['config']).name
    if model:
        model['cfg_options'] = {
            key: Path(value).name if isinstance(value, str) else value
            for key, value in model['cfg_options'].items()
        }


def _name_figures(picture: str, summary: dict) -> str:
    """Return a file's name for the figures of a picture, by which model."""
    config = summary['model'] and summary['model']['config']
    parts = [Path(picture).stem, *([Path(config).stem] if config else [])]
    return '_'.join(parts) + '.json'


def check_upload(data) -> str | None:
    """Return the file of a picture, which must be one that Gradio has stored.

    Gradio looks only at data that call themselves files, and a request may
    leave that out: then any picture of this machine could be asked for.

    Raises:
        gr.Error: If it is another file, or an address.
    """
    if not data:
        return None
    if not is_in_or_equal(data.path, get_upload_folder()):
        raise gr.Error('Upload the picture.', print_exception=False)
    return data.path


class RequestHandler:
    """Asks the models; the page's only callback that does.

    Args:
        predictors (Sequence[Predictor]): The model, and what is compared.
        seconds (float): That a request may take.
    """

    def __init__(
        self, predictors: Sequence[Predictor], seconds: float = limits.DEFAULT_SECONDS
    ):
        self.predictors, self.seconds = predictors, seconds
        self.lock = Lock()
        self.can_zoom = not isinstance(predictors[0].model, ZoomIn)
        self.plus = add_zoom_in(predictors[0]) if self.can_zoom else None
        self.can_choose = any(p.presence is not None for p in predictors)

    def __call__(
        self,
        path: str | None,
        classes: str,
        zoom_in: bool,
        threshold: float | None,
        background: bool,
        all_names: bool = False,
    ) -> list:
        """Return the answer, what to say of it, and what is shown of it.

        Args:
            path (str, optional): Of the picture.
            classes (str): A class a line, synonyms after commas.
            zoom_in (bool): Of the model, not of what is compared.
            threshold (float, optional): As :func:`read_threshold` has it.
            background (bool): As :func:`show_results` has it.
            all_names (bool): Ask for every name, likely or not.

        Raises:
            gr.Error: With the reason, if something is invalid.
        """
        if not path:
            raise gr.Error('Drop a picture first.', print_exception=False)
        if threshold is None:
            raise gr.Error(
                'The threshold is no number between 0 and 1.', print_exception=False
            )
        # Classes are the models' state, and which of them are asked.
        with self.lock:
            for predictor in self.predictors:
                predictor.set_all_names(all_names)
            return self._ask(path, classes or '', zoom_in, threshold, background)

    def _ask(
        self, path: str, classes: str, zoom_in: bool, threshold: float, background: bool
    ) -> list:
        predictors = [
            self.plus if zoom_in else self.predictors[0],
            *self.predictors[1:],
        ]
        predictions, lines = [], []
        try:
            limits.check_length(classes)
            names = [
                split_synonyms(line) for line in classes.splitlines() if line.strip()
            ]
            picture = read_image(path, limits.limit_pixels(len(names), len(predictors)))
            # All of them, before any of them takes its time.
            for predictor in predictors:
                predictor.set_classes(names)
            with limits.time_limit(self.seconds):
                for predictor in predictors:
                    start = perf_counter()
                    predictions.append(predictor(picture))
                    took = perf_counter() - start
                    zoom = ' with zoom-in' * isinstance(predictor.model, ZoomIn)
                    line = f'{read_config_name(predictor)}{zoom}: {took:.2f} s'
                    lines.append('; '.join([line, *predictions[-1].notes]))
            answer = Answer(Path(path).name, predictions, (threshold, background))
            shown = show_results(answer, threshold, background)
        except Exception as error:
            # The page shows HTML; where a file lies is nobody's business.
            reason = describe_picture_error(error).replace(path, Path(path).name)
            raise gr.Error(
                html.escape(reason),
                print_exception=not isinstance(error, REQUEST_ERRORS),
            ) from error
        print(*lines, sep='\n', flush=True)
        return [answer, '  \n'.join(lines), *shown]
