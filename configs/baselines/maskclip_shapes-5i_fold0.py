_base_ = [
    '../_base_/models/dense-clip_shapes-clip.py',
    '../_base_/datasets/shapes-5i.py',
    '../_base_/default_runtime.py',
]
train_dataloader = None
test_cfg = dict(type='TestLoop')
