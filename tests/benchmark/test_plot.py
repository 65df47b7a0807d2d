"""The axes of a benchmark's drawing tell what was measured."""

from matplotlib.figure import Figure

from mmseg_clsclip.benchmark import plot


def test_ticks_are_what_was_measured_and_memory_begins_at_0(tmp_path, monkeypatch):
    figures = []

    def keep(figure: Figure, path, dpi):
        figure.canvas.draw()
        figures.append(figure)

    monkeypatch.setattr(plot, 'save_figure', keep)
    row = dict(size=224, dtype='float32', machine='any, 2 cores; torch')
    rows = [
        dict(
            row,
            config=f'{name}_x.py',
            classes=k,
            seconds=seconds * k,
            naive_seconds=naive and 2.0 * k,
            naive_classes=5,
            peak_memory_bytes=2**30,
        )
        for name, seconds, naive in (('ours', 0.3, True), ('other', 0.1, False))
        for k in (20, 1, 171)
    ]
    plot.draw_rows(rows, tmp_path / 'a.png')
    times, memory = figures[0].axes
    for axes in (times, memory):
        ticks = [text.get_text() for text in axes.get_xticklabels()]
        assert ticks == ['1', '20', '171']
        assert not len(axes.get_xticks(minor=True))
    assert memory.get_ylim()[0] == 0
    assert {'0.3', '1', '3', '10'} <= {t.get_text() for t in times.get_yticklabels()}
    ours, naive, hollow, more, other = times.get_lines()
    assert list(ours.get_xdata()) == [1, 20, 171]
    assert list(naive.get_ydata()) == [2, 40, 342]
    assert {*hollow.get_xdata(), *more.get_xdata()} == {20, 171}
    assert naive.get_label() == 'ours, naive path (hollow: scaled)'
    assert list(other.get_ydata()) == [0.1, 2, 0.1 * 171]
