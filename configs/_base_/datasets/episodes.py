# One class a sample: what PASCAL-5i, COCO-20i and Shapes-5i have in common.
_base_ = './flips.py'
meta_keys = (
    'class_name',
    'img_path',
    'seg_map_path',
    'ori_shape',
    'img_shape',
    'pad_shape',
    'scale_factor',
    'flip',
    'flip_direction',
    'reduce_zero_label',
)
train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
)
val_dataloader = None
val_evaluator = None
test_evaluator = dict(type='EpisodeIoUMetric')
