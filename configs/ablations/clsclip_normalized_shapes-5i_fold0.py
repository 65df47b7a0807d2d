# The text's token is L2-normalised.
_base_ = '../shapes/clsclip_shapes-5i_fold0.py'
model = dict(text_encoder=dict(normalize=True))
