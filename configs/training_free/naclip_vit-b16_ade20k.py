_base_ = './sclip_vit-b16_ade20k.py'
model = dict(backbone=dict(attention='neighbour', residual=False))
