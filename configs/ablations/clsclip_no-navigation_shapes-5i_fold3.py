# The text never reaches the encoder: what the head alone can do.
_base_ = '../shapes/clsclip_shapes-5i_fold3.py'
model = dict(backbone=dict(navigate_blocks=()))
