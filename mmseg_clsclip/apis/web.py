"""The page in the browser: a picture, names, and their masks.

This and ``web_requests`` alone need gradio. ``tools/web_demo.py`` serves it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import gradio as gr

from . import limits, outputs
from .image_io import read_image
from .predictor import DRAWN_WORLD, Predictor
from .web_requests import (
    RequestHandler,
    check_upload,
    read_config_name,
    read_model_name,
    read_threshold,
    show_moved,
    show_results,
)

SCENE = 'shapes-5i://test/0/000004.bmp'
CLASSES = 'yellow circle\nred square, square in red'
# Gradio's buttons lie on a picture's first lines, which may be a warning: they
# get a line of their own. On a phone all stands in one column.
CSS = """
[id^=overlay-] .image-container { padding-top: 2rem; }
.model p { margin-top: -0.8rem; color: var(--body-text-color-subdued); }
@media (max-width: 640px) {
  h1 { font-size: 1.4rem !important; }
  #picture { height: 180px !important; }
  #decide .form { flex-wrap: wrap; }
  #decide .form > * { flex-basis: 100%; }
  #decide span[data-testid=block-info] + div { display: none; }
}
"""
# There the result is below what was pressed.
SHOW_RESULT = """() => {
  if (matchMedia('(max-width: 640px)').matches)
    document.getElementById('results').scrollIntoView({behavior: 'smooth'});
}"""


class Question(NamedTuple):
    """What the page asks with.

    Attributes:
        picture (gr.Image): A file's path.
        classes (gr.Textbox): A class a line.
        zoom_in (gr.Checkbox): Whether ClsCLIP+ is asked.
        all_names (gr.Checkbox): Whether unlikely names are asked for, too.
        button (gr.Button): That asks.
    """

    picture: gr.Image
    classes: gr.Textbox
    zoom_in: gr.Checkbox
    all_names: gr.Checkbox
    button: gr.Button


def _add_question(shipped: bool, can_zoom: bool, can_choose: bool) -> Question:
    picture = gr.Image(
        read_image(SCENE).pixels if shipped else None,
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
        CLASSES if shipped else '',
        lines=5,
        max_lines=10,
        label='Classes',
        elem_id='classes',
        info='One a line, synonyms after commas',
        max_length=limits.MAX_CHARACTERS,
    )
    zoom_in = gr.Checkbox(
        label='Zoom in (ClsCLIP+)', visible=can_zoom, elem_id='zoom-in'
    )
    all_names = gr.Checkbox(
        label='All names',
        visible=can_choose,
        elem_id='all-names',
        info='Ask for every name, likely or not',
    )
    button = gr.Button('Segment', variant='primary', elem_id='segment')
    return Question(picture, classes, zoom_in, all_names, button)


def _add_decision() -> tuple[gr.Slider, gr.Checkbox]:
    """Add what decides on masks once their probabilities are there."""
    with gr.Row(elem_id='decide'):
        threshold = gr.Slider(
            0.01,
            0.99,
            0.5,
            step=0.01,
            elem_id='threshold',
            label='Threshold',
            scale=3,
            info='Probability that a class must beat to beat the background',
        )
        threshold.preprocess = read_threshold
        background = gr.Checkbox(
            True,
            label='Background',
            min_width=200,
            elem_id='background',
            info='A pixel may be of none',
        )
    return threshold, background


def _add_result(number: int, predictor: Predictor) -> list[gr.components.Component]:
    """Add a model's overlay, mask, classes and figures, in this order."""
    with gr.Column(min_width=260):
        gr.Markdown(
            f'### {read_model_name(predictor)}\n{read_config_name(predictor)}',
            elem_classes='model',
        )
        overlay, mask = (
            gr.Image(
                label=kind.title(),
                format='png',
                height=height,
                buttons=['download', 'fullscreen'],
                image_mode=None,
                interactive=False,
                show_label=kind == 'mask',
                elem_id=f'{kind}-{number}',
            )
            for kind, height in (('overlay', None), ('mask', 160))
        )
        classes = gr.Markdown(elem_id=f'classes-{number}')
        figures = gr.DownloadButton(
            'Figures as JSON', size='sm', elem_id=f'json-{number}'
        )
    return [overlay, mask, classes, figures]


def build_page(
    predictors: Sequence[Predictor], seconds: float = limits.DEFAULT_SECONDS
) -> gr.Blocks:
    """Build the page of a model, and of what is compared with it if anything.

    Args:
        predictors (Sequence[Predictor]): Of the page.
        seconds (float): That a request may take.
    """
    ask = RequestHandler(predictors, seconds)
    shipped = predictors[0].shipped
    with gr.Blocks(
        title='ClsCLIP', analytics_enabled=False, delete_cache=(3600, 3600)
    ) as page:
        gr.Markdown('# ClsCLIP: segment by names')
        if shipped:
            gr.Markdown(DRAWN_WORLD, elem_id='drawn-world')
        for predictor in predictors:
            if predictor.random_weights:
                gr.HTML(
                    '<b style="display: block; padding: 0.5em; color: '
                    f'white; background: #c00">{read_config_name(predictor)}: '
                    f'{outputs.RANDOM_WARNING}</b>',
                    elem_id='random',
                )
        answer = gr.State(time_to_live=3600)
        with gr.Row():
            with gr.Column(scale=1, min_width=260):
                question = _add_question(shipped, ask.can_zoom, ask.can_choose)
            with gr.Column(scale=3, elem_id='results'):
                look = _add_decision()
                with gr.Row():
                    results = [_add_result(*pair) for pair in enumerate(predictors)]
                lines = gr.Markdown(elem_id='said')
        shown = [component for result in results for component in result]
        asked = question.button.click(
            ask,
            [
                question.picture,
                question.classes,
                question.zoom_in,
                *look,
                question.all_names,
            ],
            [answer, lines, *shown],
            show_progress_on=[image for result in results for image in result[:2]],
            api_name='segment',
        )
        asked.success(
            show_moved, [answer, *look], shown, show_progress='hidden', api_name=False
        ).success(None, js=SHOW_RESULT)
        gr.on(
            [part.change for part in look],
            show_results,
            [answer, *look],
            shown,
            trigger_mode='always_last',
            show_progress='hidden',
            api_name='decide',
        )
    # All requests wait in the queue.
    return page.queue(max_size=limits.MAX_WAITING, api_open=False)
