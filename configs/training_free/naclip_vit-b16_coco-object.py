_base_ = './sclip_vit-b16_coco-object.py'
model = dict(backbone=dict(attention='neighbour', residual=False), softmax_scale=40)
