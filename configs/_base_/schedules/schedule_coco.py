# The same with more pictures: about 8 epochs of COCO's 82,000.
_base_ = './schedule_pascal.py'
param_scheduler = [
    dict(type='PolyLR', power=0.9, eta_min=0, begin=0, end=80000, by_epoch=False)
]
train_cfg = dict(max_iters=80000)
