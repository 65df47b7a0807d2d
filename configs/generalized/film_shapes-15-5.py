_base_ = './clsclip_shapes-15-5.py'
model = dict(
    type='LateFusionSegmentor',
    backbone=dict(
        _delete_=True,
        type='CLIPVisionTransformer',
        architecture='shapes-clip',
        pretrained='shipped',
    ),
    decode_head=dict(type='FiLMHead', text_channels=64),
)
