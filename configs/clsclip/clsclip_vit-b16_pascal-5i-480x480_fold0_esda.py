# Trained and tested as ESDA's code does; what still differs, the schedule among
# it, is in docs/design.md.
_base_ = './clsclip_vit-b16_pascal-5i-480x480_fold0_bam.py'
# ImageNet's; as OpenCV reads pictures, BGR.
mean = (104, 116, 124)
steps = _base_.train_pipeline
# The longer side of nearly all of VOC's pictures is 500: they are scaled as they are.
steps[2].update(scale=(500, 500))
steps[3].update(pad_val=mean)
train_pipeline = [
    *steps[:2],
    # Before the cropping, and of all seen classes that are there.
    dict(type='MakeEpisode', any_present=True),
    *steps[2:6],
    dict(type='EpisodeCrop', crop_size=_base_.crop_size),
    steps[-1],
]
data_preprocessor = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
model = dict(
    data_preprocessor=data_preprocessor,
    backbone=dict(shared_projection=True),
    decode_head=dict(
        activation='quick_gelu', final_norm=False, conv_bias=False, dropout_ratio=0.1
    ),
)
train_dataloader = dict(
    dataset=dict(
        ann_file='ImageSets/Segmentation/train_5i.txt', pipeline=train_pipeline
    )
)
# As fast as ESDA's two logits move apart, see ClsCLIPHead.
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys={'decode_head.conv_seg': dict(lr_mult=2, decay_mult=0.5)}
    )
)
# As BAM draws test episodes, by another seed and without a support picture.
test_dataloader = dict(dataset=dict(episodes='esda'))
