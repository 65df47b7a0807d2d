"""mmseg's own ``tools/test.py``, as its wheel brings it along."""

from mmseg_clsclip.utils.mmseg_tool import run_mmseg_tool

if __name__ == '__main__':
    run_mmseg_tool('test.py')
