_base_ = [
    '../_base_/models/transformers-clipseg.py',
    '../_base_/datasets/shapes-5i.py',
    '../_base_/default_runtime.py',
]
model = dict(vocabulary='shapes_5i')
train_dataloader = None
# The picture as it was drawn: the model brings it to its own 352 x 352.
test_dataloader = dict(batch_size=1, dataset=dict(pipeline=_base_.zoom_in_pipeline))
test_cfg = dict(type='TestLoop')
