_base_ = './naclip_vit-b16_coco-stuff.py'
model = dict(
    backbone=dict(attention='qk', residual=True), test_cfg=dict(crop_size=(336, 336))
)
