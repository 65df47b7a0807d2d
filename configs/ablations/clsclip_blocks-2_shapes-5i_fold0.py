# The text enters one block.
_base_ = '../shapes/clsclip_shapes-5i_fold0.py'
model = dict(backbone=dict(navigate_blocks=(2,)))
