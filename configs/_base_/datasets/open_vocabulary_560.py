# The same with the short side at 560.
_base_ = './open_vocabulary_448.py'
test_pipeline, tta_pipeline = _base_.test_pipeline, _base_.tta_pipeline
test_pipeline[1].update(scale=(2048, 560))
tta_pipeline[1]['transforms'][0][0].update(scale=(2048, 560))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
