"""Episodes are drawn by the name they ask for, a file each."""

import re

import numpy as np
import pytest
import torch
from mmcv import imread
from mmengine.structures import PixelData
from mmseg.registry import VISUALIZERS
from mmseg.structures import SegDataSample

from mmseg_clsclip import EpisodeVisualizer
from mmseg_clsclip.visualization import episode_visualizer
from mmseg_clsclip.visualization.episode_visualizer import names_apart

GREY = np.full((60, 80, 3), 128, np.uint8)
META = dict(
    classes=('background', 'cat', 'dog'), palette=[[0, 0, 0], [0, 255, 0], [0, 0, 255]]
)


def visualizer(folder):
    built = VISUALIZERS.build(
        dict(
            type='EpisodeVisualizer',
            name=str(folder),
            save_dir=str(folder),
            alpha=1.0,
            vis_backends=[dict(type='LocalVisBackend')],
        )
    )
    built.dataset_meta = META
    return built


def sample(label, **metainfo):
    labels = torch.zeros(1, 60, 80).long()
    labels[:, 40:] = label
    return SegDataSample(metainfo=metainfo, pred_sem_seg=PixelData(data=labels))


def test_episodes_of_a_picture_have_a_file_each(tmp_path):
    built = visualizer(tmp_path)
    for name in ('dog', 'potted plant', 'cup/mug', 'Löwe'):
        built.add_datasample('test_1.jpg', GREY, sample(1, class_name=name))
    assert sorted(path.name for path in tmp_path.rglob('*.png')) == [
        f'test_1.jpg_{name}_0.png'
        for name in ('Löwe', 'cup-mug', 'dog', 'potted-plant')
    ]
    assert built.dataset_meta is META


def test_an_episodes_class_may_be_a_field_of_its_sample(tmp_path):
    one = sample(1)
    one.class_name = 'dog'
    visualizer(tmp_path).add_datasample('test_1.jpg', GREY, one)
    assert [path.name for path in tmp_path.rglob('*.png')] == ['test_1.jpg_dog_0.png']


def test_a_1_has_no_colour_and_no_name_of_the_data_sets_class_1(tmp_path, monkeypatch):
    told = []
    draw = EpisodeVisualizer._draw_sem_seg

    def note(self, image, labels, classes, palette, *args):
        told.append(classes)
        return draw(self, image, labels, classes, palette, *args)

    monkeypatch.setattr(EpisodeVisualizer, '_draw_sem_seg', note)
    built = visualizer(tmp_path)
    for named in (dict(class_name='dog'), {}):
        out = tmp_path / f'{len(named)}.png'
        built.add_datasample('any', GREY, sample(1, **named), out_file=str(out))
    assert told == [('background', 'dog'), META['classes']]
    asked, closed = (
        imread(str(tmp_path / f'{n}.png'), channel_order='rgb')[-1, -1] for n in (1, 0)
    )
    assert asked.tolist() == [255, 0, 255]
    assert closed.tolist() == [0, 255, 0]


@pytest.mark.parametrize('named', [{}, dict(class_name='dog')])
def test_maps_on_a_square_are_cut_to_the_picture(tmp_path, named):
    built = visualizer(tmp_path)
    square = torch.zeros(1, 80, 80).long()
    square[:, :60], square[:, 60:] = sample(1).pred_sem_seg.data, 1
    boxed = SegDataSample(
        metainfo=named,
        pred_sem_seg=PixelData(data=square),
        gt_sem_seg=PixelData(data=square),
    )
    for out, one in (('square', boxed), ('plain', sample(1, **named))):
        built.add_datasample('any', GREY, one, out_file=str(tmp_path / f'{out}.png'))
    square, plain = (
        imread(str(tmp_path / f'{out}.png')) for out in ('square', 'plain')
    )
    assert (square == np.concatenate([plain, plain], axis=1)).all()


def test_what_is_no_episode_is_drawn_as_mmseg_draws_it(tmp_path):
    built = visualizer(tmp_path)
    built.add_datasample('test_1.jpg', GREY, sample(2))
    assert [path.name for path in tmp_path.rglob('*.png')] == ['test_1.jpg_0.png']


def test_names_of_two_folders_are_told_apart():
    assert names_apart(['d/x/a/0.png', 'd/x/b/0.png', 'd/y/1.png']) == {
        'd/x/a/0.png': 'a-0.png',
        'd/x/b/0.png': 'b-0.png',
    }
    assert names_apart(['/a/0.png', '/a/0.jpg', '/a/0.png']) == {}
    for paths in (
        ['0.png', 'a/0.png', 's3://b/0.png'],
        ['a-b/c/0.png', 'a/b-c/0.png', 'a/0.png'],
        ['a/0.png', 'b/0.png', 'c/a-0.png'],
        ['D:\\a\\0.png', 'D:\\b\\0.png'],
    ):
        names = {path: re.split(r'[\\/]', path)[-1] for path in paths}
        names |= names_apart(paths)
        assert len({*names.values()}) == len(paths)
        assert not any('/' in name for name in names.values())


@pytest.mark.parametrize('named', [{}, dict(class_name='dog')])
def test_a_file_for_each_picture_of_a_name_in_each_process(
    tmp_path, monkeypatch, named
):
    paths = ['data/a/0000.png', 'data/b/0000.png', 'data/0001.png']
    for index, path in enumerate(paths):
        built = visualizer(tmp_path / str(index))
        built._vis_backends['mine'] = elsewhere = _Elsewhere()
        built.tell_apart(paths)
        for main in (True, False):  # the processes
            monkeypatch.setattr(
                'mmengine.dist.utils.is_main_process', lambda main=main: main
            )
            monkeypatch.setattr(
                episode_visualizer, 'is_main_process', lambda main=main: main
            )
            built.add_datasample(
                f'test_{path[-8:]}',
                GREY,
                sample(1, img_path=path, **named),
                step=int(main),
            )
        assert elsewhere.steps == [1]
    assert sorted(file.name for file in tmp_path.rglob('*.png')) == sorted(
        f'test_{name}.png{"_dog" * len(named)}_{step}.png'
        for name in ('a-0000', 'b-0000', '0001')
        for step in (0, 1)
    )


class _Elsewhere:
    """A backend that is not files."""

    def __init__(self):
        self.steps = []

    def add_image(self, name, image, step):
        self.steps.append(step)
