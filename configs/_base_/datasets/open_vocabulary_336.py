# Testing in the open-vocabulary convention: all names at once, the short side at
# 336, as SCLIP and NACLIP have it on most data sets.
_base_ = './flips.py'
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(2048, 336), keep_ratio=True),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
]
tta_pipeline = [
    test_pipeline[0],
    dict(
        type='TestTimeAug',
        transforms=[
            [
                dict(type='Resize', scale=(2048, side), keep_ratio=True)
                for side in (272, 336, 400)
            ],
            *_base_.tta_pipeline[1].transforms,
            *([step] for step in test_pipeline[2:]),
        ],
    ),
]
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(test_mode=True, pipeline=test_pipeline),
)
test_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
test_cfg = dict(type='TestLoop')
