"""mmseg's own tools/analysis_tools/get_flops.py, with mmengine 0.10."""

from mmseg_clsclip.benchmark.mmengine_flops import mend_mmengine_flops
from mmseg_clsclip.utils.mmseg_tool import run_mmseg_tool

if __name__ == '__main__':
    mend_mmengine_flops()
    run_mmseg_tool('analysis_tools/get_flops.py')
