# ClearCLIP (arXiv 2407.12442).
_base_ = './sclip_vit-b16.py'
model = dict(
    backbone=dict(attention='qq', residual=False),
    softmax_scale=50,
    test_cfg=dict(crop_size=(448, 448), stride=(224, 224)),
)
