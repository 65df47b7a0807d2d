# Minutes on two cores. After a short warm-up the rate is constant and the
# result is the weights' moving average, so that a run of any length is done
# when it ends: `--cfg-options train_cfg.max_iters=600` is a shorter one.
_base_ = '../default_runtime.py'
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='TrainableOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=3e-3, weight_decay=0.01))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.04, by_epoch=False, end=120)
]
custom_hooks = [
    dict(type='HonestScoresHook'),
    dict(
        type='EMAHook',
        ema_type='MomentumAnnealingEMA',
        momentum=0.005,
        gamma=10)
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=2400)
val_cfg = None
test_cfg = dict(type='TestLoop')
randomness = dict(seed=0)
