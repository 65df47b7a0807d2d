_base_ = [
    '../_base_/models/transformers-clipseg.py',
    '../_base_/datasets/pascal-5i_480x480.py', '../_base_/default_runtime.py'
]
train_dataloader = None
# The picture as it was read: the model brings it to its own 352 x 352.
test_pipeline = _base_.zoom_in_pipeline
tta_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(
        type='TestTimeAug',
        transforms=[
            [
                dict(type='RandomFlip', prob=0., direction='horizontal'),
                dict(type='RandomFlip', prob=1., direction='horizontal')
            ],
            [dict(type='LoadAnnotations')],
            [dict(type='MakeEpisode')],
            [dict(type='PackSegInputs', meta_keys=_base_.meta_keys)],
        ])
]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_cfg = dict(type='TestLoop')
