# ClsCLIP on the small CLIP of Shapes-5i, whose weights are shipped. Its tower
# has 8 blocks and looks at 64 x 64 pixels in 8 x 8 patches.
_base_ = './clsclip_vit-b16.py'
data_preprocessor = dict(size=(64, 64))
model = dict(
    data_preprocessor=data_preprocessor,
    backbone=dict(architecture='shapes-clip', pretrained='shipped'),
    text_encoder=dict(vocabulary='shapes_5i'),
    decode_head=dict(
        in_channels=96,
        num_heads=3,
        conv_channels=(64, 32),
        # Patches are coarse here: an eighth of the picture.
        upsample=4,
        # Objects are small; cross-entropy alone learns them slowly.
        loss_decode=[
            dict(type='CrossEntropyLoss', use_sigmoid=True, avg_non_ignore=True),
            dict(type='BinaryDiceLoss', loss_weight=0.5),
        ],
    ),
)
