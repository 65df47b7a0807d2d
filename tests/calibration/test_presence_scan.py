"""The scan against one run of inference for each choice."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_clsclip import CLIPPresence
from mmseg_clsclip.calibration import presence_scan
from mmseg_clsclip.calibration.presence_scan import Setting, choose, scan
from mmseg_clsclip.calibration.training_pictures import (
    TrainingPicture,
    TrainingPictures,
)
from mmseg_clsclip.utils.config_files import configs_folder

SHAPES = configs_folder() / 'shapes/clsclip_shapes-5i_fold0.py'
OPTIONS = dict(views='whole', max_names=2)


@pytest.fixture(scope='module')
def pictures():
    import mmseg.models  # noqa: F401

    init_default_scope('mmseg')
    cfg = Config.fromfile(SHAPES)
    cfg.train_dataloader.dataset.dataset.length = 40
    return cfg, TrainingPictures(cfg, 4)


def test_pictures_with_a_novel_class_are_left_out(pictures):
    cfg, training = pictures
    assert len(training.base_classes) == 15 and len(training.novel_classes) == 5
    cfg = cfg.copy()
    cfg.train_dataloader.dataset.novel_handling = 'background'
    # The order is another, since other pictures are trained on.
    every = TrainingPictures(cfg, 99)
    model = MODELS.build(cfg.model)
    shown = list(every.iter_pictures(model))
    novel = {every._pictures.metainfo['classes'].index(n) for n in every.novel_classes}
    loaded = [every._pipeline(every._pictures.get_data_info(i)) for i in range(40)]
    clean = [
        sample['data_samples'].gt_sem_seg.data
        for sample in loaded
        if not novel & set(sample['data_samples'].gt_sem_seg.data.unique().tolist())
    ]
    assert len(shown) == len(clean) < 40
    for picture in shown:
        assert picture.labels.max() <= 15 and picture.inputs.shape == (1, 3, 64, 64)


@pytest.mark.parametrize('options', [OPTIONS, dict(OPTIONS, max_asked=2)])
def test_every_choice_is_what_inference_gives(pictures, monkeypatch, options):
    cfg, training = pictures
    monkeypatch.setattr(presence_scan, 'SHARPNESS', (0.5, 2.0))
    monkeypatch.setattr(presence_scan, 'WEIGHTS', (1.0, 3.0))
    monkeypatch.setattr(presence_scan, 'PROBABILITIES', (0.0, 0.1))
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).eval()
    model.text_encoder.set_vocabulary(list(training.base_classes))
    shown = list(training.iter_pictures(model))
    settings, seen = scan(model, shown, options)
    assert seen == 4 and len(settings) == 8
    for setting in settings:
        model.presence = CLIPPresence(
            **options,
            sharpness=setting.sharpness,
            weight=setting.weight,
            min_probability=setting.min_probability,
        )
        inter, union, asked, there, both = torch.zeros(16), torch.zeros(16), 0, 0, 0
        for picture in shown:
            with torch.no_grad():
                logits = model.inference(picture.inputs, [picture.meta])
                known = model.judge_presence(picture.inputs, [picture.meta])
            logits = F.interpolate(logits, picture.labels.shape, mode='bilinear')
            labels = logits[0].argmax(0)[::2, ::2]
            truth = picture.labels[::2, ::2]
            for k in range(16):
                inter[k] += ((labels == k) & (truth == k)).sum()
                union[k] += ((labels == k) | (truth == k)).sum()
            present = torch.tensor([(truth == k + 1).any() for k in range(15)])
            asked += int(known.asked.sum())
            there += int(present.sum())
            both += int((known.asked[0] & present).sum())
        miou = 100 * (inter / union)[union > 0].mean()
        assert setting.miou == pytest.approx(float(miou), abs=0.05)
        assert setting.asked == asked / 4
        assert setting.recall == pytest.approx(100 * both / there)


def test_padding_is_taken_off_before_truth_and_logits_meet(pictures):
    cfg, training = pictures
    model = MODELS.build(cfg.model).eval()
    model.text_encoder.set_vocabulary(list(training.base_classes))
    (picture, *_) = training.iter_pictures(model)
    inputs = picture.inputs.clone()
    inputs[:, :, 40:] = 0
    meta = dict(
        picture.meta,
        ori_shape=(80, 128),
        img_shape=(64, 64),
        padding_size=(0, 0, 0, 24),
    )
    labels = picture.labels[:80]
    with torch.no_grad():
        logits = model.inference(inputs, [meta])[:, 1:, :40]
        got, truth = presence_scan._segment(
            model, TrainingPicture(inputs, meta, labels)
        )
    want = F.interpolate(logits, (80, 128), mode='bilinear', align_corners=False)[0]
    assert truth.shape == got.shape[1:] and len(got) == 15
    step = [max(1, side // presence_scan.SIDE) for side in labels.shape]
    torch.testing.assert_close(got, want[:, :: step[0], :: step[1]].flatten(1))
    assert (truth == labels[:: step[0], :: step[1]].flatten()).all()


def test_the_choice_asks_for_nearly_all_that_is_there():
    few = Setting(1, 1, 0.2, miou=90, recall=80, asked=1)
    good = Setting(1, 1, 0.1, miou=70, recall=95, asked=2)
    all_names = Setting(1, 1, 0, miou=75, recall=100, asked=20)
    other = Setting(2, 1, 0.1, miou=71, recall=96, asked=3)
    dear = Setting(3, 1, 0.1, miou=71, recall=99, asked=4)
    assert choose([few, good, all_names]) == good
    assert choose([few, good, all_names, other, dear]) == other


def test_the_choice_asks_for_nearly_all_that_a_limit_leaves():
    few = Setting(1, 1, 0.2, miou=90, recall=40, asked=0.5)
    good = Setting(1, 1, 0.1, miou=70, recall=58, asked=0.9)
    all_names = Setting(1, 1, 0, miou=75, recall=60, asked=1)
    assert choose([few, good, all_names]) == good
