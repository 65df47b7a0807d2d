"""Words of messages about many things."""

import pytest

from mmseg_clsclip_cli.messages import first_few


@pytest.mark.parametrize(
    'number, options, said',
    [
        (2, {}, '0, 1'),
        (5, {}, '0, 1, 2, 3, 4'),
        (6, {}, '0, 1, 2, 3, 4, ...'),
        (2, dict(number=2, rest=' and {} more'), '0, 1'),
        (9, dict(number=2, rest=' and {} more'), '0, 1 and 7 more'),
        (0, dict(rest=' and {} more'), ''),
    ],
)
def test_the_first_few(number, options, said):
    assert first_few(range(number), **options) == said
