# One linear map for all navigated blocks, as in ESDA.
_base_ = '../shapes/clsclip_shapes-5i_fold0.py'
model = dict(backbone=dict(shared_projection=True))
