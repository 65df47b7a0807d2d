# Shapes-5i's classes, seen and unseen together. Another fold's checkpoint:
# --cfg-options test_dataloader.dataset.fold=1.
_base_ = '../shapes/clsclip_shapes-5i_whole.py'
test_evaluator = dict(_delete_=True, type='GeneralizedZeroShotIoUMetric')
