"""torchvision's smallest detector, with random weights, live."""

from urllib.error import URLError

import pytest
import torch
from mmseg.registry import MODELS

from mmseg_clsclip.proposals import torchvision_detector

SMALL = 'ssdlite320_mobilenet_v3_large'


def build(**kwargs):
    kwargs = {'model': SMALL, 'score_thr': 0.0, **kwargs}
    return MODELS.build(dict(type='TorchvisionProposals', **kwargs))


@pytest.fixture(scope='module')
def proposals():
    torch.manual_seed(0)
    return build(max_per_picture=20)


def test_it_runs_live_on_pictures_of_several_sizes(proposals):
    pictures = [
        torch.randint(0, 256, (3, *size), dtype=torch.uint8)
        for size in ((64, 48), (50, 80))
    ]
    wanted = {n: k for k, n in enumerate(proposals.detector_names)}
    found = proposals(pictures, [None] * 2, [wanted] * 2, None)
    for boxes, picture in zip(found, pictures):
        assert len(boxes) == 20 and 'N/A' not in boxes.names
        assert (boxes.bboxes[:, 2] <= picture.shape[2]).all()
        assert (boxes.bboxes[:, 3] <= picture.shape[1]).all()
    again = proposals(pictures, [None] * 2, [wanted] * 2, None)[0]
    torch.testing.assert_close(again.bboxes, found[0].bboxes)


def test_it_sees_rgb_from_0_to_1(proposals, monkeypatch):
    seen = []

    def look(pictures):
        seen.extend(pictures)
        return [
            dict(
                boxes=torch.zeros(0, 4),
                scores=torch.zeros(0),
                labels=torch.zeros(0).long(),
            )
        ]

    monkeypatch.setattr(proposals.detector, 'forward', look)
    bgr = torch.tensor([0, 51, 255], dtype=torch.uint8)[:, None, None]
    proposals([bgr.expand(3, 4, 5)], [None], [dict(dog=1)], None)
    assert seen[0][:, 0, 0].tolist() == pytest.approx([1, 0.2, 0])


def test_it_stays_as_it_is_and_out_of_checkpoints(proposals):
    assert not proposals.state_dict()
    proposals.train()
    assert not proposals.detector.module.training
    assert not any(p.requires_grad for p in proposals.parameters())


def test_a_local_file_with_its_own_categories(tmp_path, monkeypatch):
    lines = []
    monkeypatch.setattr(torchvision_detector, 'warn', lines.append)
    names = ['__background__', 'circle', 'square']
    random = build(categories=names)
    assert 'random weights' in lines[0] and random.saw_test_classes == 'no'
    file = tmp_path / 'detector.pth'
    torch.save(random.detector.module.state_dict(), file)
    loaded = build(categories=names, weights=str(file))
    assert len(lines) == 1 and loaded.detector_names == ('circle', 'square')
    assert loaded.describe() == (f'TorchvisionProposals {SMALL} (saw the test classes)')
    for key, value in random.detector.module.state_dict().items():
        assert torch.equal(value, loaded.detector.module.state_dict()[key])
    with pytest.raises(ValueError, match='with 91 categories'):
        build(weights=str(file))
    torch.save(dict(model=random.detector.module.state_dict(), epoch=25), file)
    assert build(categories=names, weights=str(file)).detector_names == (*names[1:],)
    torch.save(print, file)
    with pytest.raises(ValueError, match='could not be read'):
        build(weights=str(file))


def test_a_tag_without_a_network_names_the_file(monkeypatch):
    def fetch(*args, **kwargs):
        raise URLError('no network')

    monkeypatch.setattr(torchvision_detector, 'get_model', fetch)
    with pytest.raises(ConnectionError, match=r'Get https.*\.pth on a machine with'):
        build(weights='COCO_V1')


def test_wrong_names_are_answered_with_the_right_ones():
    with pytest.raises(ValueError, match=f'yolov7.*{SMALL}'):
        build(model='yolov7')
    with pytest.raises(ValueError, match='COCO_V9.*COCO_V1'):
        build(weights='COCO_V9')
