"""What is wrong with a JSON file is said."""

import pytest

from mmseg_clsclip.utils.json_files import read_json, write_json


@pytest.mark.parametrize(
    'text, message',
    [
        ('{"a": 1', 'is not JSON: line 1, column 8'),
        ('[' * 100000, 'cannot be read: it is nested too deeply'),
        ('{"a":' * 100000, 'cannot be read: it is nested too deeply'),
        (f'[{"7" * 5000}]', 'cannot be read: .*4300 digits'),
        ('\udcff', 'is not JSON, not even text'),
    ],
)
def test_what_is_no_json_is_named(text, message, tmp_path):
    path = tmp_path / 'x.json'
    path.write_text(text, encoding='utf-8', errors='surrogateescape')
    with pytest.raises(ValueError, match=rf'x\.json {message}'):
        read_json(path)


def test_what_is_written_is_read_again_or_not_there(tmp_path):
    path, content = tmp_path / 'deep/a.json', dict(a=[1, None, 'ü'])
    write_json(path, content)
    assert read_json(path) == content
    with pytest.raises(TypeError):
        write_json(path, dict(a=object()))
    assert read_json(path) == content and list(path.parent.iterdir()) == [path]
