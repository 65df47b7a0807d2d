_base_ = './clsclip_four-names_shapes-5i_fold0.py'
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
