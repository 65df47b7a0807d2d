_base_ = '../_base_/clsclip_vit-b16_open-vocabulary-336.py'
model = dict(with_background=False)
test_dataloader = dict(
    dataset=dict(
        type='PascalVOCDataset20',
        data_root='data/VOCdevkit/VOC2012',
        data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClass'),
        ann_file='ImageSets/Segmentation/val.txt',
    )
)
