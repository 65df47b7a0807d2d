_base_ = [
    '../_base_/models/sclip_vit-b16.py',
    '../_base_/datasets/open_vocabulary_336.py',
    '../_base_/datasets/coco-object.py',
    '../_base_/default_runtime.py',
]
# What is none of the classes; SCLIP's list has 'bed', too, which is a class.
ground = (
    'sky, wall, tree, wood, grass, road, sea, river, mountain, sands, desk, '
    'building, cloud, lamp, door, window, wardrobe, ceiling, shelf, curtain, stair, '
    'floor, hill, rail, fence'
).split(', ')
things = (
    'bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic '
    'light, fire hydrant, stop sign, parking meter, bench, bird, cat, dog, '
    'horse, sheep, cow, elephant, bear, zebra, giraffe, backpack, umbrella, '
    'handbag, tie, suitcase, frisbee, skis, snowboard, sports ball, kite, '
    'baseball bat, baseball glove, skateboard, surfboard, tennis racket, '
    'bottle, wine glass, cup, fork, knife, spoon, bowl, banana, apple, '
    'sandwich, orange, broccoli, carrot, hot dog, pizza, donut, cake, chair, '
    'couch, potted plant, bed, dining table, toilet, tv, laptop, mouse, '
    'remote, keyboard, cell phone, microwave, oven, toaster, sink, '
    'refrigerator, book, clock, vase, scissors, teddy bear, hair drier, '
    'toothbrush'
).split(', ')
model = dict(
    text_encoder=dict(
        vocabulary=[
            [
                'person',
                'person in shirt',
                'person in jeans',
                'person in dress',
                'person in sweater',
                'person in skirt',
                'person in jacket',
                'body',
            ],
            *things,
        ]
    ),
    background=ground,
    softmax_scale=50,
    prob_thd=0.1,
)
test_dataloader = dict(dataset=_base_.test_dataset)
