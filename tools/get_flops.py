"""mmseg's own tools/analysis_tools/get_flops.py, with mmengine 0.10."""

from _mmseg_tool import run

from mmseg_clsclip.benchmark.mmengine_flops import mend_mmengine_flops

if __name__ == '__main__':
    mend_mmengine_flops()
    run('analysis_tools/get_flops.py')
