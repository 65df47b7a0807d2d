_base_ = [
    '../_base_/models/clip_vit-b16.py',
    '../_base_/datasets/open_vocabulary_336.py',
    '../_base_/datasets/coco-object.py',
    '../_base_/default_runtime.py',
]
# What is none of the classes; ProxyCLIP's list has 'bed', too, which is a class.
ground = (
    'sky, wall, tree, wood, grass, road, sea, river, mountain, sands, desk, '
    'building, cloud, floor, hill, rail'
).split(', ')
model = dict(text_encoder=dict(vocabulary='coco'), background=ground, prob_thd=0.1)
test_dataloader = dict(dataset=_base_.test_dataset)
