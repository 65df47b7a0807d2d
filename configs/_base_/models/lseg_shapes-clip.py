# LSeg-style: the same tower and decoder, the text meets it at the last pixel.
_base_ = './clsclip_shapes-clip.py'
model = dict(
    type='LateFusionSegmentor',
    backbone=dict(
        _delete_=True,
        type='CLIPVisionTransformer',
        architecture='shapes-clip',
        pretrained='shipped',
    ),
    decode_head=dict(type='LSegHead', text_channels=64),
)
