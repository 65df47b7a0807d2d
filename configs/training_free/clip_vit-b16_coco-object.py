_base_ = './sclip_vit-b16_coco-object.py'
# What is none of the classes; ProxyCLIP's list has 'bed', too, which is a class.
ground = (
    'sky, wall, tree, wood, grass, road, sea, river, mountain, sands, desk, '
    'building, cloud, floor, hill, rail'
).split(', ')
model = dict(
    backbone=dict(attention='qk'),
    text_encoder=dict(vocabulary='coco'),
    background=ground,
    softmax_scale=40,
    test_cfg=dict(crop_size=(336, 336)),
)
