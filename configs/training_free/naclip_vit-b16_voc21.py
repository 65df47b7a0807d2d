_base_ = './sclip_vit-b16_voc21.py'
model = dict(
    backbone=dict(attention='neighbour', residual=False),
    softmax_scale=40,
    area_thd=0,
    test_cfg=dict(mode='whole'),
)
