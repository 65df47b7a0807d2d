# A quarter of an hour of a core. After a short warm-up the rate is constant
# and the result is the weights' moving average, so that a run of any length is
# done when it ends: `--cfg-options train_cfg.max_iters=3000` is a shorter one.
_base_ = '../default_runtime.py'
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='TrainableOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.01),
    clip_grad=dict(max_norm=1.0),
)
param_scheduler = [dict(type='LinearLR', start_factor=0.04, by_epoch=False, end=120)]
custom_hooks = [
    dict(type='EMAHook', ema_type='MomentumAnnealingEMA', momentum=0.001, gamma=5)
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=12000)
val_cfg = None
test_cfg = dict(type='TestLoop')
default_hooks = dict(logger=dict(interval=200))
randomness = dict(seed=0)
