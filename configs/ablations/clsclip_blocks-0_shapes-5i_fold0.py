# The text enters block 0, where it is not yet aligned.
_base_ = '../shapes/clsclip_shapes-5i_fold0.py'
model = dict(backbone=dict(navigate_blocks=(0,)))
