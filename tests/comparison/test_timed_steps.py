"""What is measured of a model in a time: on a clock that its own steps advance."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from mmengine.config import Config

from mmseg_clsclip import OpenCLIPTextEncoder
from mmseg_clsclip.comparison import measure, timed_steps
from mmseg_clsclip.comparison.table import _note
from mmseg_clsclip.comparison.timed_steps import Step, ask_what_fits, time_steps

ROOT = Path(__file__).parents[2]
CHECKPOINT = ROOT / 'mmseg_clsclip/assets/clsclip_shapes-5i_fold0.pth'


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(timed_steps.time, 'perf_counter', lambda: now.seconds)
    return now


class Segmentor:
    """Takes a second for a picture, and a half for each of its names."""

    def __init__(self, names, clock, picture=1.0):
        self.clock, self.picture, self.asked = clock, picture, []
        self.text_encoder = SimpleNamespace(
            synonyms={f'n{k}': (f'n{k}', f'm{k}') for k in range(names)},
            names=tuple(f'n{k}' for k in range(names)),
            set_vocabulary=self.set_vocabulary,
        )

    def set_vocabulary(self, classes):
        self.text_encoder.names = tuple(names[0] for names in classes)
        assert all(len(names) == 2 for names in classes)

    def __call__(self, data=None):
        self.asked.append(len(self.text_encoder.names))
        seconds = self.picture + 0.5 * self.asked[-1]
        self.clock.seconds += seconds
        return Step(seconds, 2 * seconds)


@pytest.mark.parametrize(
    'names, seconds, asked',
    [
        (21, 60, [1, 2, 4, 8, 16, 21]),
        # After 1.5 + 2 + 3 seconds one of 6 would still end within 13, not 12.
        (171, 13, [1, 2, 4, 8]),
        (171, 12, [1, 2, 4]),
        (171, 0, [1]),
        (1, 0, [1]),
    ],
)
def test_it_is_asked_for_twice_as_many_as_long_as_that_fits(
    names, seconds, asked, clock
):
    model = Segmentor(names, clock)
    last, found = ask_what_fits(model, model, clock.seconds + seconds)
    assert model.asked == asked
    assert found == dict(names=asked[-1], vocabulary=names)
    assert last.seconds == 1 + 0.5 * asked[-1]


def test_what_reads_no_name_anew_is_asked_for_all(clock):
    for tower in (dict(free_tower=True), dict(free_tower=False, clip=None)):
        model = Segmentor(171, clock)
        encoder = OpenCLIPTextEncoder.__new__(OpenCLIPTextEncoder)
        encoder.__dict__.update(tower, synonyms=model.text_encoder.synonyms)
        model.text_encoder = encoder
        assert ask_what_fits(model, model, 0.0)[1] == dict(names=171, vocabulary=171)
        assert model.asked == [171]
    plain = SimpleNamespace(text_encoder=SimpleNamespace())  # as SAN has one
    assert ask_what_fits(plain, lambda: Step(3.0, 3.0), 0.0) == (Step(3.0, 3.0), {})


@pytest.mark.parametrize(
    'seconds, timed, warmed_up',
    [
        (100, 8, True),  # 2 of 3 rounds of 4 pictures of 1.5 s
        (10, 3, True),  # 7 steps, of which 4 were the first round
        (5, 4, True),  # a round is not whole
        (0, 1, False),  # what was there
    ],
)
def test_steps_are_timed_until_the_time_is_up(seconds, timed, warmed_up, clock):
    model = Segmentor(1, clock)
    first = Step(9.0, 9.0)
    found = time_steps(model, range(4), first, clock.seconds + seconds)
    assert found == dict(
        seconds=1.5 if warmed_up else 9.0,
        timed=timed,
        planned=8,
        warmed_up=warmed_up,
        cores=2.0 if warmed_up else 1.0,
    )


def test_a_slow_row_says_what_was_measured():
    cfg = Config.fromfile(ROOT / 'configs/shapes/clsclip_shapes-5i_whole.py')
    cfg.test_dataloader.dataset.length = 20
    found = measure.measure(cfg, str(CHECKPOINT), budget=0)
    assert (found['names'], found['vocabulary'], found['timed']) == (1, 20, 1)
    assert found['gflops'] is None and found['cut']
    assert found['cpu_share'] > 0 and found['memory'] > 2**20
    row = dict(found, notes=[], protocol={}, figures={}, cpu_share=1.0)
    assert _note(row) == (
        'cut short by the budget of 0 s, asked for 1 of 20 names, pictures/s of 1 of '
        '20 steps, the first; GFLOPs not counted: a step takes over twice the time'
    )
    # Nothing is said of a row that had the time.
    whole = measure.measure(cfg, str(CHECKPOINT), budget=100)
    assert (whole['names'], whole['timed'], whole['counted']) == (20, 20, 5)
    assert (
        not whole['cut']
        and _note(dict(whole, notes=[], protocol={}, figures={}, cpu_share=1)).strip()
        == ''
    )
    row = dict(row, gflops_error=None, counted=2, to_count=5, timed=20)
    assert _note(row).endswith('asked for 1 of 20 names, GFLOPs of 2 of 5 pictures')


def test_random_weights_cost_what_others_do():
    cfg = Config.fromfile(ROOT / 'configs/shapes/clsclip_shapes-5i_whole.py')
    cfg.test_dataloader.dataset.length = 2
    cfg.model.backbone.pretrained = None
    random = measure.measure(cfg, 'random', budget=20)
    assert random['random'] and random['trained_parameters'] == 316449
    assert random['gflops'] > 0
