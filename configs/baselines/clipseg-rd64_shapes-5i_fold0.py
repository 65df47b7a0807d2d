_base_ = [
    '../_base_/models/transformers-clipseg.py',
    '../_base_/datasets/shapes-5i.py',
    '../_base_/default_runtime.py',
]
model = dict(vocabulary='shapes_5i')
train_dataloader = None
# The picture as it was drawn: the model brings it to its own 352 x 352.
test_pipeline = _base_.zoom_in_pipeline
# So of test-time augmentation only the flips are left, not the size before.
tta_pipeline = [
    _base_.tta_pipeline[0],
    dict(type='TestTimeAug', transforms=_base_.tta_pipeline[1].transforms[1:]),
]
test_dataloader = dict(batch_size=1, dataset=dict(pipeline=test_pipeline))
test_cfg = dict(type='TestLoop')
