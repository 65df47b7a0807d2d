"""How the whole picture joins regions."""

import pytest
import torch

from mmseg_clsclip.models.inference.restoring import ABSENT_LOGIT
from mmseg_clsclip.zoom_in.canvas import ClosedSetCanvas, PromptedCanvas
from mmseg_clsclip.zoom_in.options import Join, WholePicture
from mmseg_clsclip.zoom_in.region import Region, Window


@pytest.mark.parametrize('join', ['or', 'max', 'mean'])
def test_a_name_that_was_not_asked_of_the_whole_takes_nothing_from_its_region(join):
    canvas = PromptedCanvas(4, (6, 8), Join(join), 0, torch.device('cpu'))
    inside = torch.full((1, 2, 3), 2.0)
    for label in (1, 2):
        canvas.paste(Region(Window(1, 1, 4, 3), 'name', label), inside)
    whole = torch.zeros(4, 6, 8)
    whole[1] = ABSENT_LOGIT + torch.rand(6, 8)  # with a prior
    whole[2:] = 1.0
    got = canvas.add_whole(whole, WholePicture.INCLUDE)
    assert (got[1, 1:3, 1:4] == 2).all()  # asked in its region alone
    assert (got[1, 3:] < ABSENT_LOGIT / 2).all()
    assert (got[2, 1:3, 1:4] == (1.5 if join == 'mean' else 2)).all()
    assert (got[2, 3:] == 1).all() and (got[3] == 1).all() and not got[0].any()


@pytest.mark.parametrize('whole_picture', list(WholePicture))
def test_a_class_of_any_region_is_there_whatever_another_is_sure_of(whole_picture):
    """OR, of all classes at once: the background, a cat and a dog."""
    canvas = ClosedSetCanvas(3, (1, 6), Join.OR, 0, torch.device('cpu'))
    sure_of_none = torch.tensor([9.0, 1, 1])[:, None, None]
    cat, dog = (torch.tensor(x)[:, None, None] for x in ([2.0, 4, 3], [2.0, 3, 5]))
    for left, right, said in ((0, 3, cat), (2, 4, dog), (1, 5, sure_of_none)):
        region = Region(Window(left, 0, right, 1), 'box', None)
        canvas.paste(region, said.expand(3, 1, right - left))
    got = canvas.add_whole(sure_of_none.expand(3, 1, 6).clone(), whole_picture)
    assert got.argmax(0).tolist() == [[1, 1, 2, 2, 0, 0]]
    assert got[:, 0, 2].tolist() == [ABSENT_LOGIT, 4, 5]
    assert (got[0, 0, 4] == 9) and got[0, 0, 5] == (
        0 if whole_picture is WholePicture.NEVER else 9
    )
