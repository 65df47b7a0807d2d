_base_ = './clsclip_shapes-15-5.py'
model = dict(backbone=dict(type='TextGatedVisionTransformer', weights='channel'))
