# PASCAL-Context 49/10.
_base_ = '../_base_/clsclip_vit-b16_generalized-480x480.py'
model = dict(text_encoder=dict(vocabulary='pcontext'))
unseen_classes = [
    'cow',
    'motorbike',
    'sofa',
    'cat',
    'boat',
    'fence',
    'bird',
    'tvmonitor',
    'keyboard',
    'aeroplane',
]
train_dataloader = dict(
    dataset=dict(
        novel_classes=unseen_classes,
        dataset=dict(
            type='PascalContextDataset59',
            data_root='data/VOCdevkit/VOC2010',
            data_prefix=dict(
                img_path='JPEGImages', seg_map_path='SegmentationClassContext'
            ),
            ann_file='ImageSets/SegmentationContext/train.txt',
        ),
    )
)
test_dataloader = dict(
    dataset=dict(
        type='PascalContextDataset59',
        data_root='data/VOCdevkit/VOC2010',
        data_prefix=dict(
            img_path='JPEGImages', seg_map_path='SegmentationClassContext'
        ),
        ann_file='ImageSets/SegmentationContext/val.txt',
    )
)
test_evaluator = dict(unseen_classes=unseen_classes)
