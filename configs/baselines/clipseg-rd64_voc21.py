_base_ = [
    '../_base_/models/transformers-clipseg.py',
    '../_base_/datasets/voc21_336.py',
    '../_base_/default_runtime.py',
]
# The picture as it was read: the model brings it to its own 352 x 352.
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
]
# So of test-time augmentation only the flips are left, not the sizes before.
tta_pipeline = [
    _base_.tta_pipeline[0],
    dict(type='TestTimeAug', transforms=_base_.tta_pipeline[1].transforms[1:]),
]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
