# LSeg-style: the same tower and decoder, the text meets it at the last pixel.
_base_ = './clsclip_vit-b16.py'
model = dict(
    type='LateFusionSegmentor',
    backbone=dict(
        _delete_=True,
        type='CLIPVisionTransformer',
        architecture='ViT-B-16-quickgelu',
        pretrained='openai',
    ),
    decode_head=dict(type='LSegHead'),
)
