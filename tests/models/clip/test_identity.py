"""The name of a CLIP in a checkpoint."""

import pytest
import torch

from mmseg_clsclip.models.clip.identity import check_clip_name, text_to_buffer

BUILT = text_to_buffer('ViT-B-16@0123')


def test_the_same_name_passes_and_another_is_refused():
    check_clip_name(BUILT, BUILT)
    check_clip_name(BUILT.long(), BUILT)
    with pytest.raises(ValueError, match='trained on the CLIP a@1, the config.*@0123'):
        check_clip_name(text_to_buffer('a@1'), BUILT)


@pytest.mark.parametrize(
    'stored',
    [
        torch.tensor([200, 65], dtype=torch.uint8),
        torch.tensor([0, 65], dtype=torch.uint8),
        torch.tensor([], dtype=torch.uint8),
        torch.tensor(10**12),
        torch.tensor([-1]),
        torch.tensor([65j]),
        BUILT.float(),
        BUILT[None],
        'ViT-B-16@0123',
        b'ViT-B-16@0123',
        None,
    ],
)
def test_what_is_no_name_is_damaged(stored):
    with pytest.raises(ValueError, match='clip_name in the checkpoint is damaged'):
        check_clip_name(stored, BUILT)
