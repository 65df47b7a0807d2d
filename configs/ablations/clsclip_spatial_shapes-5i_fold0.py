# The text weighs the patches, instead of replacing the [CLS].
_base_ = '../shapes/clsclip_shapes-5i_fold0.py'
model = dict(backbone=dict(type='TextGatedVisionTransformer', weights='spatial'))
