# Every picture is asked for all names at once. Takes the checkpoint of
# clsclip_vit-b16_custom.py. Seen and new classes apart, and their harmonic
# mean: --cfg-options test_evaluator.type=GeneralizedZeroShotIoUMetric
_base_ = './clsclip_vit-b16_custom.py'
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=_base_.sizes['scale'], keep_ratio=False),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
]
test_dataloader = dict(
    dataset=dict(_delete_=True, pipeline=test_pipeline, **_base_.test_data)
)
test_evaluator = dict(_delete_=True, type='IoUMetric', iou_metrics=['mIoU'])
