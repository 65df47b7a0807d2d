"""The report as a page, as Markdown and as JSON."""

import json
import re

from mmseg_clsclip.comparison import figures
from mmseg_clsclip.comparison.report import Drawing, write_report


def test_the_page_needs_nothing_else_and_the_json_is_one(
    tmp_path, rows_of, read_squeezed
):
    rows = rows_of(dict(miou_unseen=50.0), dict(miou_unseen=float('nan')))
    rows.append(dict(name='<b>', notes=[], protocol={}, error='a|b'))
    words = figures.draw_classes(
        {row['name']: row['per_class'] for row in rows[:2]},
        tmp_path / 'classes.png',
        unseen=['y'],
    )
    assert 'unseen classes come first' in words
    drawing = Drawing(tmp_path / 'classes.png', 'Classes', words)
    write_report(tmp_path, rows, ['said'], [drawing], [])
    page = (tmp_path / 'report.html').read_text()
    assert 'src="data:image/png;base64,' in page
    assert not re.search(r'(?:src|href)="(?!data:)|<script|@import|url\(', page)
    assert '&lt;b&gt;' in page and '<b>' not in page.replace('<b>50.0', '')
    text = read_squeezed(tmp_path / 'report.md')
    assert r'| \<b\> | failed: a\|b |' in text and 'Protocol: ' in text

    def refuse(name):
        raise AssertionError(name)

    content = json.loads((tmp_path / 'report.json').read_text(), parse_constant=refuse)
    assert content['rows'][1]['figures'] == dict(miou_unseen=None)


def test_many_classes_are_cut_to_those_that_differ(tmp_path):
    iou = {f'class {k}': float(k % 50) for k in range(60)}
    words = figures.draw_classes(
        dict(a=iou, b=dict(iou, **{'class 7': 99.0, 'class 8': None})),
        tmp_path / 'classes.png',
    )
    assert '30 of 60 classes' in words
