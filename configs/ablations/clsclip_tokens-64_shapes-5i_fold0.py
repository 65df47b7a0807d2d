# As many tokens of the text in every navigated block as there are patches.
_base_ = '../shapes/clsclip_shapes-5i_fold0.py'
model = dict(backbone=dict(num_tokens=64))
