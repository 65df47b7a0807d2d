# The same with the longer side at 520, as mmseg's own base of PASCAL-Context has it,
# which MaskCLIP takes.
_base_ = './open_vocabulary_448.py'
test_pipeline, tta_pipeline = _base_.test_pipeline, _base_.tta_pipeline
test_pipeline[1].update(scale=(520, 520))
tta_pipeline[1]['transforms'][0][0].update(scale=(520, 520))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
