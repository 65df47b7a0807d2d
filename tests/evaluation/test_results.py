"""One reader for what tools/test.py writes, and what it refuses."""

import json

import pytest

from mmseg_clsclip.evaluation.protocol import SEEN
from mmseg_clsclip.evaluation.results import is_figure, read_result

PROTOCOL = dict(dataset='X', fold=0)


@pytest.fixture
def write(tmp_path):
    """Write a result, or a text, and give its path."""

    def _write(content):
        path = tmp_path / 'result.json'
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return _write


def test_figures_have_plain_names(write):
    content = dict(
        miou_unseen=50,
        note='x',
        per_class=dict(a=1.5, b=None),
        protocol=dict(PROTOCOL, random_weights=True),
        mFscore=3.0,
    )
    times = dict(time=0.1, data_time=0.2)
    plain = read_result(write({**content, **times}))
    assert plain == dict(
        figures=dict(miou_unseen=50, mFscore=3.0),
        random=True,
        per_class=content['per_class'],
        protocol=content['protocol'],
    )
    prefixed = {f'my/own/{key}': value for key, value in content.items()}
    assert read_result(write({**prefixed, **times})) == plain


def test_what_one_of_two_alike_says_is_not_said_of_the_other(write):
    """As of EpisodeIoUMetric with and without ``score_side``."""
    alone = dict(miou_unseen=50.0, protocol=dict(PROTOCOL, score_size='40x40'))
    content = {
        **{f'a/{key}': value for key, value in alone.items()},
        'b/miou_unseen': 60.0,
        'b/protocol': PROTOCOL,
        # Without figures of the same names, and without a protocol.
        'errors/missed': 1.0,
        'errors/protocol': dict(PROTOCOL, shares='of all'),
        'c/miou_unseen': 70.0,
    }
    assert read_result(write(content))['protocol'] == {
        **PROTOCOL,
        'a/score_size': '40x40',
        'shares': 'of all',
    }
    del content['b/miou_unseen'], content['b/protocol']
    protocol = read_result(write(content))['protocol']
    assert protocol['score_size'] == '40x40' and 'a/score_size' not in protocol


def test_several_metrics_keep_apart_what_differs(write):
    one = dict(
        miou_unseen=50.0,
        fb_iou=60.0,
        per_class=dict(a=1.0),
        protocol=dict(PROTOCOL, size_bounds=[1, 2]),
    )
    other = dict(
        miou_unseen=55.0,
        per_class=dict(a=2.0),
        protocol=dict(PROTOCOL, size_bounds=[1, 3]),
    )
    found = read_result(
        write(
            {
                **{f'x/{key}': value for key, value in one.items()},
                **{f'y/{key}': value for key, value in other.items()},
                'mIoU': 40.0,
            }
        )
    )
    assert found['figures'] == {
        'x/miou_unseen': 50.0,
        'fb_iou': 60.0,
        'y/miou_unseen': 55.0,
        'mIoU': 40.0,
    }
    assert found['per_class'] == dict(a=1.0)
    assert found['protocol'] == {
        **PROTOCOL,
        'x/size_bounds': [1, 2],
        'y/size_bounds': [1, 3],
    }


def test_earlier_results_of_episodes_stand_beside_todays(write):
    content = dict(miou_unseen=5.0, protocol=dict(size_bounds=[1, 2]))
    found = read_result(write(content))
    assert found['protocol']['seen_classes'] == SEEN
    assert (
        'seen_classes'
        not in read_result(write(dict(mIoU=5.0, protocol=PROTOCOL)))['protocol']
    )


@pytest.mark.parametrize(
    'content, message',
    [
        ('', 'no result.*not a whole JSON'),
        ('{"miou_unseen": 5', 'not a whole JSON.*line 1'),
        ('{"loss": 1}\n{"loss": 2}', 'not a whole JSON.*Extra data'),
        ('[' * 100_000, 'not a whole JSON'),
        ('{"mIoU": 1' + '0' * 5000 + '}', 'not a whole JSON'),
        ('[1]', 'holds a list'),
        ('5', 'holds a int'),
        ('null', 'a NoneType'),
        ('{}', 'no figure'),
        ('{"time": 1.0}', 'no figure'),
        ('{"mIoU": true}', 'no mIoU but True'),
        ('{"mIoU": NaN}', 'no mIoU but nan'),
        ('{"mFscore": NaN}', 'no mFscore but nan'),
        ('{"mIoU": 1e999}', 'no mIoU but inf'),
        ('{"rmse": 1' + '0' * 400 + '}', 'no rmse but 1000'),
        ('{"mIoU": "50.0"}', 'no mIoU but 50.0'),
        ('{"mIoU": [50.0]}', r'no mIoU but \[50.0\]'),
        ('{"mIoU": -0.1}', 'mIoU of -0.1: it is in per cent'),
        ('{"a/mIoU": 100.1}', 'mIoU of 100.1: it is in per cent'),
        ('{"errors/object_missed": 101}', 'object_missed of 101: it is in per cent'),
        ('{"mIoU": 5, "per_class": [1]}', 'one per_class but'),
        ('{"mIoU": 5, "per_class": {"a": NaN}}', 'no IoU of a but nan'),
        ('{"mIoU": 5, "per_class": {"a": {}}}', 'no IoU of a but {}'),
        ('{"mIoU": 5, "per_class": {"a": 101}}', 'IoU of a of 101: it'),
        ('{"mIoU": 5, "protocol": "x"}', "one protocol but 'x'"),
        ('{"mIoU": 5, "protocol": {"a": {"b": 1}}}', 'a of the protocol'),
        ('{"mIoU": 5, "protocol": {"a": [[1]]}}', 'a of the protocol'),
    ],
)
def test_what_is_no_result_is_refused_by_its_name(write, content, message):
    path = write(content)
    with pytest.raises(ValueError, match=message) as refused:
        read_result(path)
    assert str(path) in str(refused.value)


def test_folders_and_other_bytes_are_refused(tmp_path):
    with pytest.raises(ValueError, match='a folder'):
        read_result(tmp_path)
    (tmp_path / 'x.json').write_bytes(b'\xff\xfe\x00')
    with pytest.raises(ValueError, match='no result'):
        read_result(tmp_path / 'x.json')
    with pytest.raises(FileNotFoundError, match='does not exist'):
        read_result(tmp_path / 'none.json')


def test_what_was_just_written_may_lack_a_figure(write):
    path = write('{"mIoU_unseen": NaN, "mIoU": 5, "per_class": {"a": NaN}}')
    found = read_result(path, fresh=True)
    assert found['figures'] == dict(mIoU=5)
    assert found['per_class'] == dict(a=None)
    with pytest.raises(ValueError, match='in per cent'):
        read_result(write('{"mIoU": 105}'), fresh=True)


def test_errors_and_counts_may_be_above_a_hundred(write):
    path = write(dict(rmse=123.0, names_asked=171.0, mIoU=100.0, protocol=PROTOCOL))
    figures = read_result(path)['figures']
    assert figures == dict(rmse=123, names_asked=171, mIoU=100)
    assert is_figure(0) and not is_figure(True) and not is_figure(None)
