_base_ = 'clsclip-gate_shapes-15-5.py'
model = dict(
    presence=dict(
        calibration=dict(
            chosen_on='200 training pictures and 15 base classes of Shapes-5i, fold 2',
            clip='shapes-clip@d79951b9b221',
        ),
        min_probability=0.2,
        sharpness=1.0,
        type='CLIPPresence',
        views='whole',
        weight=3.0,
    )
)
test_dataloader = dict(dataset=dict(fold=2))
train_dataloader = dict(dataset=dict(dataset=dict(fold=2)))
