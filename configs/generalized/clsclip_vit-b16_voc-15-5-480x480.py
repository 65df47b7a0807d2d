# VOC 15/5. In training the background is what a class is told from: masks of
# one class alone would teach nothing. In testing it is ignored.
_base_ = '../_base_/clsclip_vit-b16_generalized-480x480.py'
unseen_classes = ['pottedplant', 'sheep', 'sofa', 'train', 'tvmonitor']
train_dataloader = dict(
    dataset=dict(
        novel_classes=unseen_classes,
        dataset=dict(
            type='PascalVOCDataset',
            data_root='data/VOCdevkit/VOC2012',
            data_prefix=dict(
                img_path='JPEGImages', seg_map_path='SegmentationClassAug'
            ),
            ann_file='ImageSets/Segmentation/trainaug.txt',
        ),
    )
)
test_dataloader = dict(
    dataset=dict(
        type='PascalVOCDataset20',
        data_root='data/VOCdevkit/VOC2012',
        data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClassAug'),
        ann_file='ImageSets/Segmentation/val.txt',
    )
)
test_evaluator = dict(unseen_classes=unseen_classes)
