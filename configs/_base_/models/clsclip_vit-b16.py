# ClsCLIP on CLIP ViT-B/16. `pretrained` is a file with CLIP's weights or a tag
# of open_clip ('openai' downloads); None runs with random weights.
data_preprocessor = dict(
    type='SegDataPreProcessor',
    # CLIP's own statistics; ESDA takes ImageNet's.
    mean=[122.7709383, 116.7460125, 104.09373615],
    std=[68.5005327, 66.6321579, 70.32316305],
    bgr_to_rgb=True,
    pad_val=0,
    seg_pad_val=255,
    size=(480, 480),
)
model = dict(
    type='ClsCLIP',
    data_preprocessor=data_preprocessor,
    backbone=dict(
        type='ClsCLIPVisionTransformer',
        architecture='ViT-B-16-quickgelu',
        pretrained='openai',
        navigate_blocks=(2, 3, 4),
    ),
    text_encoder=dict(type='OpenCLIPTextEncoder', vocabulary='voc'),
    # Its width and its attention heads are those of CLIP's tower.
    decode_head=dict(type='ClsCLIPHead'),
    with_background=True,
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
