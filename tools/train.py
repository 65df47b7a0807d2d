"""mmseg's own ``tools/train.py``, as its wheel brings it along."""

from _mmseg_tool import run

if __name__ == '__main__':
    run('train.py')
