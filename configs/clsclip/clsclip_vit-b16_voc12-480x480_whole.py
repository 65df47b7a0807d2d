# Every picture is asked for all 20 classes and the background, scored by
# mmseg's own metric. Takes the checkpoint of any fold.
_base_ = './clsclip_vit-b16_pascal-5i-480x480_fold0.py'
# The short side at 480, windows of the size of training.
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(2048, 480), keep_ratio=True),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs')
]
model = dict(
    test_cfg=dict(mode='slide', crop_size=(480, 480), stride=(320, 320)))
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='PASCAL5iDataset',
        data_root=_base_.data_root,
        data_prefix=_base_.data_prefix,
        ann_file='ImageSets/Segmentation/val.txt',
        test_mode=True,
        pipeline=test_pipeline))
test_evaluator = dict(_delete_=True, type='IoUMetric', iou_metrics=['mIoU'])
