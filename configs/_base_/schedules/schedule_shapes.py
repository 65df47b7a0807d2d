# A short schedule: 1,200 batches of 48, minutes on two cores.
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='TrainableOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=5e-3, weight_decay=0.01))
param_scheduler = [
    dict(
        type='OneCycleLR',
        eta_max=5e-3,
        pct_start=0.1,
        total_steps=1200,
        by_epoch=False)
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=1200)
val_cfg = None
test_cfg = dict(type='TestLoop')
randomness = dict(seed=0)
