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
from .image_io import read
from .prediction import Prediction
from .predictor import DRAWN_WORLD, Predictor

SCENE = 'shapes-5i://test/0/000004.bmp'
CLASSES = 'yellow circle\nred square, square in red'


def zoomed(plain: Predictor) -> Predictor:
    """The same with a zoom-in; both ask one segmentor in memory."""
    plus, cfg = copy.copy(plain), copy.deepcopy(plain.model.cfg)
    put_zoom_in(cfg)
    plus.model = MODELS.build(dict(cfg.model, module=plain.model)).eval()
    plus.model.cfg = cfg
    return plus


def plain(text: str) -> str:
    """A text that neither Markdown nor HTML takes for anything else."""
    return re.sub(r'[^\w\s-]', lambda found: f'&#{ord(found[0])};', text)


def name_of(predictor: Predictor) -> str:
    """Of its config."""
    return plain(Path(predictor.model.cfg.filename).stem)


def draw(
    predictions: Sequence[Prediction] | None, threshold: float, background: bool
) -> list[Image.Image] | dict:
    """Overlay and mask of each prediction; no model is asked."""
    if not predictions:
        return gr.skip()
    images = []
    for one in predictions:
        labels = one.labels(threshold, background)
        images += [outputs.overlay(one, labels), outputs.mask(one, labels)]
    return images


def uploaded(data) -> str | None:
    """The file of a picture, which must be one that Gradio has stored.

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


class Asker:
    """Asks the models; the page's only callback that does.

    Args:
        predictors (Sequence[Predictor]): The model, and what is compared.
        seconds (float): That a request may take.
    """

    def __init__(
        self, predictors: Sequence[Predictor], seconds: float = limits.SECONDS
    ):
        self.predictors, self.seconds = predictors, seconds
        self.lock = Lock()
        self.can_zoom = not isinstance(predictors[0].model, ZoomIn)
        self.plus = zoomed(predictors[0]) if self.can_zoom else None

    def __call__(
        self,
        path: str | None,
        classes: str,
        zoom_in: bool,
        threshold: float,
        background: bool,
    ) -> list:
        """Predictions, what to say of them, and their images.

        Args:
            path (str, optional): Of the picture.
            classes (str): A class a line, synonyms after commas.
            zoom_in (bool): Of the model, not of what is compared.
            threshold (float): As :func:`draw` has it.
            background (bool): As :func:`draw` has it.

        Raises:
            gr.Error: With the reason, if something does not do.
        """
        if not path:
            raise gr.Error('Drop a picture first.', print_exception=False)
        # Classes are the models' state.
        with self.lock:
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
            limits.check_text(classes)
            names = [
                split_synonyms(line) for line in classes.splitlines() if line.strip()
            ]
            picture = read(path, limits.most_pixels(len(names), len(predictors)))
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
                                f'{name_of(predictor)}{" with zoom-in" * zoom}: '
                                f'{perf_counter() - start:.2f} s',
                                *predictions[-1].notes,
                            ]
                        )
                    )
            images = draw(predictions, threshold, background)
        except Exception as error:
            known = isinstance(error, (OSError, ValueError))
            reason = str(error) or type(error).__name__
            # The page shows HTML; where a file lies is nobody's business.
            reason = html.escape(reason.replace(path, Path(path).name))
            raise gr.Error(
                reason if known else f'Cannot be segmented ({reason}).',
                print_exception=not known,
            ) from error
        print(*lines, sep='\n', flush=True)
        return [predictions, '  \n'.join(lines), *images]


def build(
    predictors: Sequence[Predictor], seconds: float = limits.SECONDS
) -> gr.Blocks:
    """The page of a model, and of what is compared with it if anything.

    Args:
        predictors (Sequence[Predictor]): Of the page.
        seconds (float): That a request may take.
    """
    ask = Asker(predictors, seconds)
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
                    f'white; background: #c00">{name_of(predictor)}: '
                    f'{outputs.RANDOM}</b>',
                    elem_id='random',
                )
        found = gr.State(time_to_live=3600)
        with gr.Row():
            with gr.Column(scale=1, min_width=260):
                picture = gr.Image(
                    read(SCENE).pixels if predictors[0].shipped else None,
                    label='Picture',
                    type='filepath',
                    image_mode=None,
                    format='png',
                    height=260,
                    sources=['upload', 'clipboard'],
                    elem_id='picture',
                )
                # Gradio's own opens the file, and has messages of its own.
                picture.preprocess = uploaded
                classes = gr.Textbox(
                    CLASSES if predictors[0].shipped else '',
                    lines=5,
                    max_lines=10,
                    label='Classes',
                    elem_id='classes',
                    info='One a line, synonyms after commas',
                    max_length=limits.CHARACTERS,
                )
                zoom_in = gr.Checkbox(
                    label='Zoom in (ClsCLIP+)', visible=ask.can_zoom, elem_id='zoom-in'
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
                images = []
                with gr.Row():
                    for k, predictor in enumerate(predictors):
                        with gr.Column(min_width=260):
                            gr.Markdown(f'### {name_of(predictor)}')
                            images += [
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
                said = gr.Markdown(elem_id='said')
        look = [threshold, background]
        button.click(
            ask,
            [picture, classes, zoom_in, *look],
            [found, said, *images],
            show_progress_on=images,
        )
        gr.on(
            [threshold.change, background.change],
            draw,
            [found, *look],
            images,
            trigger_mode='always_last',
            show_progress='hidden',
        )
    # All requests wait in the queue.
    return page.queue(max_size=limits.WAITING, api_open=False)
