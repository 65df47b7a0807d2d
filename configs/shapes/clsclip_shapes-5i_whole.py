# Every picture is asked for all 20 classes and the background, scored by
# mmseg's own metric. Takes the checkpoint of any fold.
_base_ = './clsclip_shapes-5i_fold0.py'
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='Shapes5iDataset',
        split='test',
        length=500,
        test_mode=True,
        pipeline=_base_.test_pipeline,
    )
)
test_evaluator = dict(_delete_=True, type='IoUMetric', iou_metrics=['mIoU'])
