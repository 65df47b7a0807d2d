# CLIP's own last block, in the windows of ProxyCLIP (arXiv 2408.04883): what its
# code is without a second encoder.
_base_ = './sclip_vit-b16_voc21.py'
model = dict(
    backbone=dict(attention='qk'),
    # One name a class.
    text_encoder=dict(
        vocabulary='voc', prompts=dict(_delete_=True, boat='ship', diningtable='table')
    ),
    softmax_scale=40,
    area_thd=0,
    test_cfg=dict(crop_size=(336, 336)),
)
