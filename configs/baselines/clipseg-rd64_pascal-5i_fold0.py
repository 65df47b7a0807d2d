_base_ = [
    '../_base_/models/transformers-clipseg.py',
    '../_base_/datasets/pascal-5i_480x480.py',
    '../_base_/default_runtime.py',
]
train_dataloader = None
# The picture as it was read: the model brings it to its own 352 x 352.
test_pipeline = _base_.zoom_in_pipeline
# So of test-time augmentation only the flips are left, not the sizes before.
tta_pipeline = [
    _base_.tta_pipeline[0],
    dict(
        type='TestTimeAug',
        transforms=[
            _base_.tta_pipeline[1].transforms[0],
            *_base_.tta_pipeline[1].transforms[2:],
        ],
    ),
]
# Pictures as they are come in many sizes.
test_dataloader = dict(batch_size=1, dataset=dict(pipeline=test_pipeline))
test_cfg = dict(type='TestLoop')
