# The text enters the last three of the eight blocks.
_base_ = '../shapes/clsclip_shapes-5i_fold0.py'
model = dict(backbone=dict(navigate_blocks=(5, 6, 7)))
