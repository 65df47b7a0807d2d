# Every picture is asked for all names at once. Takes the checkpoint of
# clsclip_vit-b16_custom.py. Seen and new classes apart, and their harmonic
# mean: --cfg-options test_evaluator.type=GeneralizedZeroShotIoUMetric
_base_ = './clsclip_vit-b16_custom.py'
test_pipeline = [step for step in _base_.test_pipeline if step['type'] != 'MakeEpisode']
test_dataloader = dict(
    dataset=dict(_delete_=True, pipeline=test_pipeline, **_base_.test_data)
)
test_evaluator = dict(_delete_=True, type='IoUMetric', iou_metrics=['mIoU'])
