# Shapes-5i's classes, seen and unseen together, and where the errors go. Another
# fold's checkpoint: --cfg-options test_dataloader.dataset.fold=1.
_base_ = '../shapes/clsclip_shapes-5i_whole.py'
test_evaluator = [
    dict(type='GeneralizedZeroShotIoUMetric'),
    dict(type='ErrorSharesMetric'),
]
