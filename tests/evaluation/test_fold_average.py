"""One row of four results, and what is no row."""

import json
import os
import re
import runpy
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / 'tools/average_folds.py'
main = runpy.run_path(str(TOOL))['main']


def squeezed(text):
    """A table without the blanks that align it."""
    return re.sub(' +', ' ', text)


def result(fold, protocol=(), **figures):
    return dict(
        miou_unseen=50.0 + fold,
        fb_iou=70.0,
        miou_unseen_small=10.0 * fold,
        per_class={'a': 1.0, 'b': None},
        time=0.5,
        protocol=dict(
            dict(
                dataset='PASCAL-5i',
                fold=fold,
                list='2048 pixels',
                pairs=365 + fold,
                novel_handling='drop_image',
                input_size='480x480',
                proposals='none',
            ),
            **dict(protocol),
        ),
        **figures,
    )


@pytest.fixture
def write(tmp_path):
    """Write results to files and give their names."""

    def _write(*results):
        paths = []
        for i, content in enumerate(results):
            path = tmp_path / f'{i}.json'
            path.write_text(
                content if isinstance(content, str) else json.dumps(content)
            )
            paths.append(str(path))
        return paths

    return _write


def refusal(args):
    with pytest.raises(SystemExit) as stopped:
        main(args)
    assert isinstance(stopped.value.code, str)  # exit status 1, on stderr
    return stopped.value.code


def test_four_folds_in_any_order_give_a_row(write, tmp_path, capsys):
    files = write(*(result(f, miou_seen=60.0) for f in (2, 0, 3, 1)))
    md, out = tmp_path / 'new/row.md', tmp_path / 'new/row.json'
    main([*files, '--name', 'ClsCLIP', '--out-md', str(md), '--out-json', str(out)])
    text = capsys.readouterr().out
    assert text == md.read_text()
    lines = squeezed(text).splitlines()
    assert lines[0] == (
        '| method | fold 0 | fold 1 | fold 2 | fold 3 | mean '
        '| FB-IoU | seen | small | medium | large |'
    )
    assert lines[2] == (
        '| ClsCLIP | 50.0 | 51.0 | 52.0 | 53.0 | 51.5 | 70.0 | 60.0 | 15.0 | - | - |'
    )
    assert 'novel handling drop_image' in lines[4] and 'fold' in lines[4]
    row = json.loads(out.read_text())
    assert row['name'] == 'ClsCLIP'
    assert row['mean'] == dict(
        miou_unseen=51.5, fb_iou=70.0, miou_seen=60.0, miou_unseen_small=15.0
    )
    assert row['per_fold']['miou_unseen'] == [50, 51, 52, 53]
    assert row['folds'][1] == dict(fold=1, pairs=366, result=files[3])
    assert 'fold' not in row['protocol']


def test_classes_that_were_trained_on_differ_by_fold_and_are_told(write, capsys):
    main(write(*(result(f, dict(trained_on_unseen=[f'{f}', 'bus'])) for f in range(4))))
    assert "trained on unseen ['0', '1', '2', '3', 'bus']" in (capsys.readouterr().out)


@pytest.mark.parametrize('unknown', [range(4), [2]])
def test_that_nobody_knows_what_a_fold_was_trained_on_is_told(
    unknown, write, capsys, tmp_path
):
    told, out = dict(trained_on='unknown'), tmp_path / 'row.json'
    files = write(*(result(f, told if f in unknown else {}) for f in range(4)))
    main([*files, '--out-json', str(out)])
    assert 'trained on unknown' in capsys.readouterr().out
    row = json.loads(out.read_text())
    assert row['protocol']['trained_on'] == 'unknown'
    assert [f for f in range(4) if 'trained_on' in row['folds'][f]] == [*unknown]


def test_a_figure_that_a_fold_lacks_is_not_averaged(write, capsys):
    lacking = result(3)
    del lacking['miou_unseen_small']
    main(write(*map(result, range(3)), lacking))
    assert '| 51.5 | 70.0 | - | - | - | - |' in squeezed(capsys.readouterr().out)


def test_a_work_dir_stands_for_its_newest_result(write, tmp_path, capsys):
    files = write(*map(result, range(3)))
    for age, name in enumerate(['b/b.json', 'a/a.json', 'c/vis_data/scalars.json']):
        path = tmp_path / 'work' / name
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(result(3, miou_seen=float(age))))
        os.utime(path, (age, age))
    main([*files, str(tmp_path / 'work')])
    main([*files, str(tmp_path / 'work/a')])
    folds_of = squeezed(capsys.readouterr().out)
    assert folds_of.count('| 53.0 |') == 2
    out = tmp_path / 'row.json'
    main([*files, str(tmp_path / 'work'), '--out-json', str(out)])
    assert json.loads(out.read_text())['folds'][3]['result'].endswith('a.json')


def test_metrics_with_a_prefix_are_read(write, capsys):
    main(write(*({f'episodes/{k}': v for k, v in result(f).items()} for f in range(4))))
    assert '| 51.5 |' in squeezed(capsys.readouterr().out)


def test_random_weights_are_marked_and_do_not_join_others(write, capsys, tmp_path):
    random = dict(random_weights=True)
    main(write(*(result(f, random) for f in range(4))))
    text = squeezed(capsys.readouterr().out)
    assert '| mean of four folds (random weights) | 50.0 |' in text
    assert 'accuracy means NOTHING' in text.splitlines()[4]
    for number in 0, 3:
        message = refusal(
            write(*(result(f, random if f == number else {}) for f in range(4)))
        )
        assert 'random_weights: ' in message and 'True in ' in message


def test_names_are_shown_as_they_are(write, capsys):
    main(
        [
            *write(
                *(
                    result(f, dict(trained_on_unseen=['`x`', 'a|b'], list='[y](z)'))
                    for f in range(4)
                )
            ),
            '--name',
            '<i>|**',
        ]
    )
    row, _, said = squeezed(capsys.readouterr().out).splitlines()[2:]
    assert row.startswith(r'| \<i\>\|\*\* | 50.0 |')
    assert r"['\`x\`', 'a\|b']" in said and r'list \[y\](z)' in said


def test_a_protocol_of_other_values_is_told(write, capsys):
    main(write(*(result(f, dict(trained_on_unseen=5)) for f in range(4))))
    assert "trained on unseen ['5']" in capsys.readouterr().out


def test_what_is_written_is_whole_or_not_there(write, tmp_path, monkeypatch):
    files, out = write(*map(result, range(4))), tmp_path / 'row.md'
    out.write_text('as it was')

    def replace(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, 'replace', replace)
    with pytest.raises(KeyboardInterrupt):
        main([*files, '--out-md', str(out)])
    assert out.read_text() == 'as it was'
    monkeypatch.undo()
    assert 'average_folds.py: ' in refusal([*files, '--out-json', str(tmp_path)])


@pytest.mark.parametrize(
    'key, value',
    [
        ('novel_handling', 'background'),
        ('input_size', '473x473'),
        ('proposals', 'oracle'),
        ('episodes', '1000, seed 0'),
        ('episodes', '1000 as BAM draws them, seed 510'),
        ('test_classes', 'all'),
        ('score_size', '400x400'),
        ('dataset', 'COCO-20i'),
        ('list', '0.txt'),
    ],
)
def test_protocols_are_not_mixed(write, key, value):
    files = write(*map(result, range(3)), result(3, {key: value}))
    message = refusal(files)
    assert f'{key}: ' in message and f'{value!r} in {files[3]}' in message
    assert message.count('\n') == 1


def test_pictures_as_large_as_they_come_are_one_protocol(write, capsys):
    main(write(*(result(f, dict(input_size=f'9{f}x99 to 500x500')) for f in range(4))))
    assert 'input size various' in capsys.readouterr().out
    assert 'input_size' in refusal(
        write(*map(result, range(3)), result(3, dict(input_size='90x99 to 500x500')))
    )


def test_a_fold_twice_is_refused(write):
    files = write(*map(result, (0, 1, 2, 2)))
    assert f'Fold 2 comes twice: {files[2]} and {files[3]}' in refusal(files)
    assert 'given twice' in refusal([files[0], files[0]])


def test_missing_folds_are_named(write):
    assert 'Fold 1, 3 missing' in refusal(write(result(0), result(2)))


@pytest.mark.parametrize(
    'content, message',
    [
        ('{"miou_unseen": 5', 'not a whole JSON file.*line 1, column 18'),
        ('{"loss": 1}\n{"loss": 2}', 'not a whole JSON file.*Extra data'),
        ('[1]', 'no result of tools/test.py: it holds a list'),
        (dict(miou_unseen=5), 'names no protocol'),
        (dict(miou_unseen=5, protocol='x'), 'does not name one protocol'),
        (result(4), 'is of fold 4, not of one of 0, 1, 2, 3'),
        (result(0, dict(fold=None)), 'is of fold None'),
        (dict(result(0), miou_unseen=float('nan')), 'no miou_unseen but nan'),
        (dict(result(0), miou_unseen=None), 'no miou_unseen but fb_iou, miou'),
        (dict(result(0), fb_iou=-5), 'fb_iou of -5'),
        (result(0, dict(fold=[0])), r'is of fold \[0\]'),
    ],
)
def test_what_is_no_result_is_refused(write, content, message):
    files = write(content)
    found = refusal(files)
    assert files[0] in found and re.search(message, found)


def test_missing_files_and_empty_work_dirs_are_refused(tmp_path):
    assert 'does not exist' in refusal([str(tmp_path / 'x')])
    assert 'holds no result' in refusal([str(tmp_path)])
