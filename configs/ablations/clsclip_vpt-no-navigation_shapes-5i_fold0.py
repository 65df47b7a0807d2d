# Visual prompts alone: the text never reaches the encoder.
_base_ = './clsclip_vpt_shapes-5i_fold0.py'
model = dict(backbone=dict(navigate_blocks=()))
