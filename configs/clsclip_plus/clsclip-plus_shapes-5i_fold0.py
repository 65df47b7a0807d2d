_base_ = [
    '../_base_/models/clsclip-plus_shapes-clip.py',
    '../_base_/datasets/shapes-5i.py',
    '../_base_/default_runtime.py',
]
train_dataloader = None
test_pipeline = _base_.zoom_in_pipeline
test_dataloader = dict(dataset=dict(pipeline=test_pipeline, test_classes='novel'))
test_cfg = dict(type='TestLoop')
