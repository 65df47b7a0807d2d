"""What one more name costs, against a count of the layers' products."""

from mmseg_clsclip.experiments.price import count_name
from mmseg_clsclip.experiments.rows import config_of


def layer(tokens, width=96, hidden=4 * 96):
    """Operations of a transformer's layer: projections, attention, MLP."""
    products = tokens * width * (4 * width + 2 * hidden)
    return 2 * (products + 2 * tokens**2 * width)


def test_a_name_in_the_tower_pays_the_blocks_that_hear_it():
    text_ignored = count_name(config_of('text ignored'))
    of_blocks = count_name(config_of('ClsCLIP')) - text_ignored
    # Blocks 2 to 7 of [CLS] and 64 patches, and three projections of the text.
    assert of_blocks == 6 * layer(65) + 3 * 2 * 64 * 96
    late = count_name(config_of('ClsCLIP, blocks 5-7, the last three'))
    assert late - text_ignored == 3 * layer(65) + 3 * 2 * 64 * 96


def test_a_name_beside_the_decoder_pays_a_cosine_a_pixel():
    # At four times the patches' resolution, with CLIP's 64 dimensions.
    assert count_name(config_of('LSeg-style')) == 2 * 32 * 32 * 64
    assert count_name(config_of('MaskCLIP, training-free')) == 2 * 8 * 8 * 64
