# Every picture is asked for all 20 classes and the background: mmseg's own
# data set, pipeline and metric. Any checkpoint of the folds can be tested.
_base_ = './clsclip_vit-b16_pascal-5i-480x480_fold0.py'
# What ViT-B/16 was trained for: crops of 480, for photographs of any shape.
model = dict(
    test_cfg=dict(mode='slide', crop_size=(480, 480), stride=(320, 320)))
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='PASCAL5iDataset',
        data_root='data/VOCdevkit/VOC2012',
        data_prefix=dict(
            img_path='JPEGImages', seg_map_path='SegmentationClassAug'),
        ann_file='ImageSets/Segmentation/val.txt',
        test_mode=True,
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='Resize', scale=(2048, 480), keep_ratio=True),
            dict(type='LoadAnnotations'),
            dict(type='PackSegInputs')
        ]))
test_evaluator = dict(_delete_=True, type='IoUMetric', iou_metrics=['mIoU'])
