# Sixteen tokens of the text in every navigated block instead of one.
_base_ = '../shapes/clsclip_shapes-5i_fold0.py'
model = dict(backbone=dict(num_tokens=16))
