# The text weighs the patches' channels, trained for vocabularies.
_base_ = './clsclip_four-names_shapes-5i_fold0.py'
model = dict(backbone=dict(type='TextGatedVisionTransformer', weights='channel'))
