# COCO-Stuff 156/15.
_base_ = '../_base_/clsclip_vit-b16_generalized-480x480.py'
model = dict(text_encoder=dict(vocabulary='cocostuff'))
unseen_classes = [
    'cow',
    'giraffe',
    'suitcase',
    'frisbee',
    'skateboard',
    'carrot',
    'scissors',
    'cardboard',
    'clouds',
    'grass',
    'playingfield',
    'river',
    'road',
    'tree',
    'wall-concrete',
]
train_dataloader = dict(
    dataset=dict(
        novel_classes=unseen_classes,
        dataset=dict(
            type='COCOStuffDataset',
            data_root='data/coco_stuff164k',
            data_prefix=dict(
                img_path='images/train2017', seg_map_path='annotations/train2017'
            ),
        ),
    )
)
test_dataloader = dict(
    dataset=dict(
        type='COCOStuffDataset',
        data_root='data/coco_stuff164k',
        data_prefix=dict(img_path='images/val2017', seg_map_path='annotations/val2017'),
    )
)
test_evaluator = dict(unseen_classes=unseen_classes)
