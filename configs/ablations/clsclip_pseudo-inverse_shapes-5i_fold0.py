# The projections start as the way back from the text to CLIP's own [CLS].
_base_ = '../shapes/clsclip_shapes-5i_fold0.py'
model = dict(backbone=dict(type='PseudoInverseVisionTransformer'))
