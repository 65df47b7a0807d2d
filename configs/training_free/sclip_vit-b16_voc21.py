_base_ = [
    '../_base_/models/sclip_vit-b16.py',
    '../_base_/datasets/open_vocabulary_336.py',
    '../_base_/datasets/voc21.py',
    '../_base_/default_runtime.py',
]
# What is none of the classes.
ground = (
    'sky, wall, tree, wood, grass, road, sea, river, mountain, sands, desk, bed, '
    'building, cloud, lamp, door, window, wardrobe, ceiling, shelf, curtain, stair, '
    'floor, hill, rail, fence'
).split(', ')
model = dict(
    text_encoder=dict(
        vocabulary=[
            'aeroplane',
            'bicycle',
            'bird',
            'boat',
            'bottle',
            'bus',
            'car',
            'cat',
            'chair',
            'cow',
            'diningtable',
            'dog',
            'horse',
            'motorbike',
            [
                'person',
                'person in shirt',
                'person in jeans',
                'person in dress',
                'person in sweater',
                'person in skirt',
                'person in jacket',
            ],
            'pottedplant',
            'sheep',
            'sofa',
            'train',
            ['tvmonitor', 'tv monitor', 'monitor', 'television', 'screen'],
        ],
        prompts=dict(boat='ship', diningtable='table', tvmonitor='television monitor'),
    ),
    background=ground,
    softmax_scale=65,
    prob_thd=0.1,
    area_thd=0.1,
)
test_dataloader = dict(dataset=_base_.test_dataset)
