"""Runs of tools, and what is read of them."""

import pytest

from mmseg_clsclip.experiments import tool_runs


def test_a_tests_result_is_read_as_all_are(monkeypatch, tmp_path):
    run = tool_runs.TestRun('config.py', 'none')
    monkeypatch.setattr(tool_runs, 'run_tool', lambda *args, **kwargs: None)
    path = tmp_path / 'now/now.json'
    path.parent.mkdir()
    path.write_text('{"a/mIoU": 40.0, "a/protocol": {"views": 1}}')
    assert tool_runs.run_test(run, tmp_path) == dict(mIoU=40.0, protocol=dict(views=1))
    path.write_text('{"mIoU": 40, "protocol": {"random_weights": true}}')
    with pytest.raises(ValueError, match='means NOTHING.*in no table'):
        tool_runs.run_test(run, tmp_path)
    path.write_text('{"mIoU": 40, "protocol": {"trained_on_unseen": ["red ring"]}}')
    with pytest.raises(ValueError, match=r"masks of \['red ring'\], .* in no table"):
        tool_runs.run_test(run, tmp_path)
    path.write_text('{"mIoU": 40')
    with pytest.raises(ValueError, match='not a whole JSON'):
        tool_runs.run_test(run, tmp_path)
