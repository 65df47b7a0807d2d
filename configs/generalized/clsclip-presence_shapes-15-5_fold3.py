_base_ = 'clsclip_shapes-15-5.py'
model = dict(
    presence=dict(
        calibration=dict(
            chosen_on='200 training pictures and 15 base classes of Shapes-5i, fold 3',
            clip='shapes-clip@d79951b9b221',
        ),
        min_probability=0.1,
        sharpness=2.0,
        type='CLIPPresence',
        views='whole',
        weight=1.5,
    )
)
test_dataloader = dict(dataset=dict(fold=3))
train_dataloader = dict(dataset=dict(dataset=dict(fold=3)))
