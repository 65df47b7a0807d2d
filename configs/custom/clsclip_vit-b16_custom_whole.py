# Every picture is asked for all names at once; seen and new classes and their
# harmonic mean. Takes the checkpoint of clsclip_vit-b16_custom.py.
_base_ = './clsclip_vit-b16_custom.py'
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(480, 480), keep_ratio=False),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs')
]
test_dataloader = dict(
    dataset=dict(
        _delete_=True, pipeline=test_pipeline, **_base_.test_data))
test_evaluator = dict(_delete_=True, type='GeneralizedZeroShotIoUMetric')
