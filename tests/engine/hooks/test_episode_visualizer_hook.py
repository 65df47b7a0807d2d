"""The visualizer hears of what it will draw."""

from mmseg.engine.hooks import SegVisualizationHook

from mmseg_clsclip import EpisodeVisualizerHook
from mmseg_clsclip.engine.hooks import episode_visualizer_hook

TWICE = ['data/a/0.jpg', 'data/b/0.jpg', 'data/1.jpg']


class Folders:
    """Pictures, two of one name in two folders."""

    metainfo = dict(classes=('background', 'a'))

    def __len__(self):
        return len(TWICE)

    def get_data_info(self, index):
        return dict(img_path=TWICE[index])


def test_an_episodes_label_is_the_class_asked_for(runner, joined):
    test = runner()
    EpisodeVisualizerHook().before_test(test)
    assert not hasattr(test.visualizer, 'dataset_meta')
    test.test_dataloader.dataset = joined(True, 0, 1)
    EpisodeVisualizerHook().before_test(test)
    assert 'asked for' in test.visualizer.dataset_meta['classes']


def test_a_visualizer_that_draws_hears_of_all_pictures(runner):
    test = runner(asked=('background', 'a'))
    test.test_dataloader.dataset = Folders()
    heard = []
    test.visualizer.tell_apart = heard.extend
    for draw in (False, True):
        hook = SegVisualizationHook.__new__(SegVisualizationHook)
        hook.draw = draw
        test.hooks = [hook]
        EpisodeVisualizerHook().before_test(test)
        assert heard == TWICE * draw


def test_drawings_that_would_be_one_file_are_told(runner, monkeypatch):
    told = []
    monkeypatch.setattr(episode_visualizer_hook, 'warn', told.append)
    test = runner(asked=('background', 'a'))
    test.test_dataloader.dataset = Folders()
    test.hooks = [SegVisualizationHook.__new__(SegVisualizationHook)]
    test.hooks[0].draw = True
    EpisodeVisualizerHook().before_test(test)  # of a visualizer of mmseg's
    (message,) = told
    assert 'the last drawing of a name is left' in message
    assert "type='EpisodeVisualizer'" in message
    monkeypatch.setattr(Folders, '__len__', lambda self: 1)
    EpisodeVisualizerHook().before_test(test)
    assert len(told) == 1
