_base_ = './sclip_vit-b16_context59.py'
model = dict(backbone=dict(attention='neighbour', residual=False))
