# Training-free dense CLIP: no checkpoint, `tools/test.py CONFIG none`. The
# methods differ in attention and residual alone; these are MaskCLIP's.
_base_ = './clsclip_vit-b16.py'
# In several processes; the usual wrapper refuses what has nothing to train.
model_wrapper_cfg = dict(type='MMSeparateDistributedDataParallel')
model = dict(
    type='DenseCLIP',
    backbone=dict(
        _delete_=True,
        type='DenseCLIPVisionTransformer',
        architecture='ViT-B-16-quickgelu',
        pretrained='openai',
        attention='v',
        residual=True,
    ),
    # CLIP's 80 templates, as all of them but MaskCLIP have it.
    text_encoder=dict(templates='clip', normalize=True),
    background=('background',),
    decode_head=dict(_delete_=True, type='DenseCLIPHead'),
)
