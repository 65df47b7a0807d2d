# ESDA's recipe: SGD, poly 0.9, effective learning rate 5e-4, batch 8. Of its
# up to 200 epochs 20 are about 15k iterations, if all 5,953 pictures are taken.
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='TrainableOptimWrapperConstructor',
    optimizer=dict(type='SGD', lr=5e-4, momentum=0.9, weight_decay=1e-4),
)
param_scheduler = [
    dict(type='PolyLR', power=0.9, eta_min=0, begin=0, end=15000, by_epoch=False)
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=15000)
val_cfg = None
test_cfg = dict(type='TestLoop')
