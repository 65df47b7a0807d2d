"""The page in the browser: a picture, names, and their masks.

The only module that needs gradio. ``tools/web_demo.py`` serves it.
"""

import copy
import html
import re
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from time import perf_counter

import gradio as gr
from gradio.utils import get_upload_folder, is_in_or_equal
from mmseg.registry import MODELS
from PIL import Image

from ..zoom_in import ZoomIn
from . import limits, outputs
from .class_names import split_synonyms
from .configs import put_zoom_in
from .errors import REQUEST_ERRORS, describe_picture_error
from .image_io import read_image
from .prediction import Prediction
from .predictor import DRAWN_WORLD, Predictor

SCENE = 'shapes-5i://test/0/000004.bmp'
CLASSES = 'yellow circle\nred square, square in red'


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


def read_name(predictor: Predictor) -> str:
    """Return the name of its config, as the page shows it."""
    return escape_text(Path(predictor.model.cfg.filename).stem)


def show_results(
    predictions: Sequence[Prediction] | None, threshold: float, background: bool
) -> list[Image.Image | str] | dict:
    """Draw overlay and mask of each prediction, and say what is in them.

    No model is asked. What is said is Markdown.
    """
    if not predictions:
        return gr.skip()
    shown = []
    for prediction in predictions:
        labels = prediction.labels(threshold, background)
        said = outputs.describe_classes(
            outputs.list_regions(prediction, labels),
            outputs.list_missing(prediction, labels),
        )
        shown += [
            outputs.draw_overlay(prediction, labels),
            outputs.draw_mask(prediction, labels),
            '  \n'.join(escape_text(line).replace('_', '&#95;') for line in said),
        ]
    return shown


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
        threshold: float,
        background: bool,
        all_names: bool = False,
    ) -> list:
        """Return predictions, what to say of them, and what is shown of them.

        Args:
            path (str, optional): Of the picture.
            classes (str): A class a line, synonyms after commas.
            zoom_in (bool): Of the model, not of what is compared.
            threshold (float): As :func:`show_results` has it.
            background (bool): As :func:`show_results` has it.
            all_names (bool): Ask for every name, likely or not.

        Raises:
            gr.Error: With the reason, if something is invalid.
        """
        if not path:
            raise gr.Error('Drop a picture first.', print_exception=False)
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
                    zoom = isinstance(predictor.model, ZoomIn)
                    lines.append(
                        '; '.join(
                            [
                                f'{read_name(predictor)}{" with zoom-in" * zoom}: '
                                f'{perf_counter() - start:.2f} s',
                                *predictions[-1].notes,
                            ]
                        )
                    )
            shown = show_results(predictions, threshold, background)
        except Exception as error:
            # The page shows HTML; where a file lies is nobody's business.
            reason = describe_picture_error(error).replace(path, Path(path).name)
            raise gr.Error(
                html.escape(reason),
                print_exception=not isinstance(error, REQUEST_ERRORS),
            ) from error
        print(*lines, sep='\n', flush=True)
        return [predictions, '  \n'.join(lines), *shown]


def build_page(
    predictors: Sequence[Predictor], seconds: float = limits.DEFAULT_SECONDS
) -> gr.Blocks:
    """Build the page of a model, and of what is compared with it if anything.

    Args:
        predictors (Sequence[Predictor]): Of the page.
        seconds (float): That a request may take.
    """
    ask = RequestHandler(predictors, seconds)
    with gr.Blocks(
        title='ClsCLIP', analytics_enabled=False, delete_cache=(3600, 3600)
    ) as page:
        gr.Markdown('# ClsCLIP: segment by names')
        if predictors[0].shipped:
            gr.Markdown(DRAWN_WORLD, elem_id='drawn-world')
        for predictor in predictors:
            if predictor.random_weights:
                gr.HTML(
                    '<b style="display: block; padding: 0.5em; color: '
                    f'white; background: #c00">{read_name(predictor)}: '
                    f'{outputs.RANDOM_WARNING}</b>',
                    elem_id='random',
                )
        predictions = gr.State(time_to_live=3600)
        with gr.Row():
            with gr.Column(scale=1, min_width=260):
                picture = gr.Image(
                    read_image(SCENE).pixels if predictors[0].shipped else None,
                    label='Picture',
                    type='filepath',
                    image_mode=None,
                    format='png',
                    height=260,
                    sources=['upload', 'clipboard'],
                    elem_id='picture',
                )
                # Gradio's own opens the file, and has messages of its own.
                picture.preprocess = check_upload
                classes = gr.Textbox(
                    CLASSES if predictors[0].shipped else '',
                    lines=5,
                    max_lines=10,
                    label='Classes',
                    elem_id='classes',
                    info='One a line, synonyms after commas',
                    max_length=limits.MAX_CHARACTERS,
                )
                zoom_in = gr.Checkbox(
                    label='Zoom in (ClsCLIP+)', visible=ask.can_zoom, elem_id='zoom-in'
                )
                all_names = gr.Checkbox(
                    label='All names',
                    visible=ask.can_choose,
                    elem_id='all-names',
                    info='Ask for every name, likely or not',
                )
                button = gr.Button('Segment', variant='primary', elem_id='segment')
            with gr.Column(scale=3):
                with gr.Row():
                    threshold = gr.Slider(
                        0.01,
                        0.99,
                        0.5,
                        step=0.01,
                        elem_id='threshold',
                        label='Threshold',
                        scale=3,
                        info='Probability that a class must beat to beat the '
                        'background',
                    )
                    background = gr.Checkbox(
                        True,
                        label='Background',
                        min_width=200,
                        elem_id='background',
                        info='A pixel may be of none',
                    )
                images, shown = [], []
                with gr.Row():
                    for k, predictor in enumerate(predictors):
                        with gr.Column(min_width=260):
                            gr.Markdown(f'### {read_name(predictor)}')
                            pair = [
                                gr.Image(
                                    label=label,
                                    format='png',
                                    height=height,
                                    buttons=['download', 'fullscreen'],
                                    image_mode=None,
                                    interactive=False,
                                    show_label=kind == 'mask',
                                    elem_id=f'{kind}-{k}',
                                )
                                for kind, label, height in (
                                    ('overlay', 'Overlay', None),
                                    ('mask', 'Mask', 160),
                                )
                            ]
                            images += pair
                            shown += [*pair, gr.Markdown(elem_id=f'classes-{k}')]
                lines = gr.Markdown(elem_id='said')
        look = [threshold, background]
        button.click(
            ask,
            [picture, classes, zoom_in, *look, all_names],
            [predictions, lines, *shown],
            show_progress_on=images,
        )
        gr.on(
            [threshold.change, background.change],
            show_results,
            [predictions, *look],
            shown,
            trigger_mode='always_last',
            show_progress='hidden',
        )
    # All requests wait in the queue.
    return page.queue(max_size=limits.MAX_WAITING, api_open=False)
