# LSeg-style: the same tower and decoder, the text meets it at the last pixel.
_base_ = './clsclip_shapes-clip.py'
model = dict(
    type='LateFusion',
    backbone=dict(navigate_blocks=()),
    decode_head=dict(type='LSegHead', text_channels=64),
)
