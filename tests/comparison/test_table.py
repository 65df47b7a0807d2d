"""The table of a comparison, and the words below it."""

import pytest

from mmseg_clsclip.comparison.table import build_table, explain_rows, name_best


def test_the_best_is_bold_and_random_ones_never_are(rows_of):
    rows = rows_of(dict(mIoU=50.0), dict(mIoU=60.0), dict(mIoU=90.0))
    rows[2]['random'] = True
    rows[1]['protocol']['proposals'] = 'boxes'
    heads, cells = build_table(rows)
    assert heads == [
        'model',
        'mIoU',
        'parameters trained',
        'GFLOPs',
        'pictures/s',
        'peak memory',
        'proposals',
        'note',
    ]
    assert [line[1] for line in cells] == [
        ('50.0', False),
        ('60.0', True),
        ('90.0', False),
    ]
    assert [cell.text for cell in cells[1][2:7]] == [
        '0 of 2.00 M',
        '1.500',
        '2.0',
        '3072 MiB',
        'boxes',
    ]
    assert cells[2][-1].text == ('accuracy means NOTHING: the weights are random')
    assert name_best(rows) == (
        'model 1 has the best mIoU: 60.0, 10.0 points above model 0; it is '
        'better in 0 of 2 classes.'
    )
    rows[0]['figures']['mIoU'] = 59.96
    assert name_best(rows) == ('model 1 and model 0 have the best mIoU alike: 60.0.')
    rows[0]['cpu_share'] = 0.3
    assert 'busy machine gave it 30 %' in build_table(rows)[1][0][-1].text


@pytest.mark.parametrize('key', ['trained_on', 'presence', 'novel_handling'])
def test_what_one_row_alone_names_is_told(key, rows_of):
    rows = rows_of(*[dict(mIoU=50.0)] * 4)
    for row in rows:
        row['protocol'].update(views=1)
    # Of what was not tested it is not known what its result would name.
    rows[2]['error'] = 'x'
    rows[3]['protocol'] = dict(fold=0)
    assert key.replace('_', ' ') not in build_table(rows)[0]
    rows[0]['protocol'][key] = 'this'
    heads, cells = build_table(rows)
    assert heads[-1] == key.replace('_', ' ')
    assert [cells[k][-1].text for k in (0, 1, 3)] == ['this', '-', '-']
    # What all name stands below the table.
    rows = [rows[0], rows[0], rows[2]]
    assert key.replace('_', ' ') not in build_table(rows)[0]
    assert f'{key.replace("_", " ")} this' in explain_rows(rows, [])[0]


def test_seen_unseen_and_names_asked_of_a_whole_vocabulary(rows_of):
    whole = dict(mIoU=50.0, mIoU_seen=60.0, mIoU_unseen=30.0, hIoU=40.0)
    rows = rows_of({**whole, 'names_asked': 2.66}, {**whole, 'hIoU': 41.0})
    heads, cells = build_table(rows)
    assert heads[1:5] == ['mIoU unseen', 'mIoU seen', 'hIoU', 'mIoU']
    assert heads[-1] == 'names asked'  # a cost: more of it is not better
    assert [line[-1].text for line in cells] == ['2.7', '-']
    assert [line[3] for line in cells] == [('40.0', False), ('41.0', True)]
    (line,) = (line for line in explain_rows(rows, []) if 'ames asked' in line)
    assert line.startswith('Names asked: how many of the vocabulary')
    assert not any('ames asked' in line for line in explain_rows(rows[1:], []))


def test_of_errors_the_least_is_the_best(rows_of):
    rows = rows_of(
        dict(object_right=50.0, object_missed=20.0),
        {'object_right': 50.0, 'object_missed': 10.0, 'x/background_as_absent': 3.0},
        {'object_missed': 15.0, 'x/background_as_absent': 2.0},
    )
    heads, cells = build_table(rows)
    assert heads[1:4] == ['objects right', 'objects missed', 'x/background_as_absent']
    assert [line[2].text for line in cells if line[2].is_best] == ['10.0']
    assert [line[3].text for line in cells if line[3].is_best] == ['2.0']
    # The verdict is of what is right.
    assert name_best(rows).startswith('model 0 and model 1 have the best objects right')
    assert name_best(rows[1:]) == 'There are no two figures to compare.'
    assert any('Of errors the least' in line for line in explain_rows(rows, []))
