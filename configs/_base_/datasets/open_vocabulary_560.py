# The same with the short side at 560, as some tables have it; `--tta` flips alone.
_base_ = './open_vocabulary_336.py'
test_pipeline = [
    _base_.test_pipeline[0],
    dict(type='Resize', scale=(2048, 560), keep_ratio=True),
    *_base_.test_pipeline[2:],
]
tta_pipeline = [
    test_pipeline[0],
    dict(
        type='TestTimeAug',
        transforms=[[test_pipeline[1]], *_base_.tta_pipeline[1].transforms[1:]],
    ),
]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
