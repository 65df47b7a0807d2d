# Seen and unseen classes together (ZS3): trained class by class with the
# unseen pixels at 255, tested with all names at once, in windows. The shorter
# side is 480 in testing, about that in training.
_base_ = [
    './models/clsclip_vit-b16.py',
    './datasets/episodes_480x480.py',
    './schedules/schedule_coco.py',
    './default_runtime.py',
]
model = dict(
    with_background=False,
    test_cfg=dict(mode='slide', crop_size=(480, 480), stride=(320, 320)),
)
train_pipeline = _base_.train_pipeline
train_pipeline[2].update(scale=(2048, 480))
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(2048, 480), keep_ratio=True),
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
                for side in (384, 480, 576)
            ],
            _base_.tta_pipeline[1].transforms[0],
            *([step] for step in test_pipeline[2:]),
        ],
    ),
]
train_dataloader = dict(
    dataset=dict(
        type='EpisodeDataset', novel_handling='ignore', pipeline=train_pipeline
    )
)
test_dataloader = dict(dataset=dict(test_mode=True, pipeline=test_pipeline))
test_evaluator = dict(type='GeneralizedZeroShotIoUMetric')
