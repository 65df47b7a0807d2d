# Shapes-5i: 128 x 128 pictures drawn by code, read at 64 x 64, scored at 128.
_base_ = './episodes.py'
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    # Half of the samples are a part of the picture, up to twice as large.
    dict(
        type='RandomChoice',
        transforms=[
            [dict(type='Resize', scale=(64, 64))],
            [
                dict(type='RandomResize', scale=(64, 64), ratio_range=(1, 2)),
                dict(type='RandomCrop', crop_size=(64, 64)),
            ],
        ],
    ),
    dict(
        type='RandomFlip',
        prob=[0.25, 0.25, 0.25],
        direction=['horizontal', 'vertical', 'diagonal'],
    ),
    dict(type='MakeEpisode', min_area=12),
    dict(type='PackSegInputs', meta_keys=_base_.meta_keys),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(64, 64)),
    dict(type='LoadAnnotations'),
    dict(type='MakeEpisode'),
    dict(type='PackSegInputs', meta_keys=_base_.meta_keys),
]
# ClsCLIP+ cuts from the picture as it is.
zoom_in_pipeline = [step for step in test_pipeline if step['type'] != 'Resize']
tta_pipeline = [
    test_pipeline[0],
    dict(
        type='TestTimeAug',
        transforms=[
            [dict(type='Resize', scale=(64, 64))],
            *_base_.tta_pipeline[1].transforms,
            *([step] for step in test_pipeline[2:]),
        ],
    ),
]
train_dataloader = dict(
    num_workers=1,
    dataset=dict(
        type='EpisodeDataset',
        pipeline=train_pipeline,
        novel_handling='drop_image',
        dataset=dict(type='Shapes5iDataset', fold=0, split='train', length=12000),
    ),
)
test_dataloader = dict(
    batch_size=50,
    num_workers=1,
    dataset=dict(
        type='EpisodeDataset',
        pipeline=test_pipeline,
        # 64 of 16384 pixels: what is smaller nobody could name.
        min_area=64,
        dataset=dict(
            type='Shapes5iDataset', fold=0, split='test', length=500, test_mode=True
        ),
    ),
)
