# Pictures at 480 x 480, one class a sample: what PASCAL-5i and COCO-20i, and
# the training of the generalised protocols, have in common.
_base_ = './episodes.py'
crop_size = (480, 480)
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    # ESDA's augmentation, with mmseg's transforms.
    dict(type='Resize', scale=crop_size, keep_ratio=False),
    dict(type='RandomResize', scale=crop_size, ratio_range=(0.9, 1.1), keep_ratio=True),
    dict(type='RandomRotate', prob=0.5, degree=10, seg_pad_val=255),
    dict(type='RandomCrop', crop_size=crop_size),
    dict(type='RandomFlip', prob=0.5),
    dict(type='MakeEpisode', min_area=1024),
    dict(type='PackSegInputs', meta_keys=_base_.meta_keys),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=crop_size, keep_ratio=False),
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
            [
                dict(type='Resize', scale=(side, side), keep_ratio=False)
                for side in (384, 480, 576)
            ],
            *_base_.tta_pipeline[1].transforms,
            *([step] for step in test_pipeline[2:]),
        ],
    ),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
