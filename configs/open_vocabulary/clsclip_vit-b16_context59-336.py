_base_ = '../_base_/clsclip_vit-b16_open-vocabulary-336.py'
model = dict(text_encoder=dict(vocabulary='pcontext'), with_background=False)
test_dataloader = dict(
    dataset=dict(
        type='PascalContextDataset59',
        data_root='data/VOCdevkit/VOC2010',
        data_prefix=dict(
            img_path='JPEGImages', seg_map_path='SegmentationClassContext'
        ),
        ann_file='ImageSets/SegmentationContext/val.txt',
    )
)
