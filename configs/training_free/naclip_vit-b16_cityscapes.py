_base_ = './sclip_vit-b16_cityscapes.py'
model = dict(backbone=dict(attention='neighbour', residual=False))
