_base_ = [
    '../_base_/models/dense-clip_vit-b16.py',
    '../_base_/datasets/open_vocabulary_336.py',
    '../_base_/default_runtime.py',
]
model = dict(test_cfg=dict(mode='slide', crop_size=(224, 224), stride=(112, 112)))
test_dataloader = dict(
    dataset=dict(
        type='PascalVOCDataset',
        data_root='data/VOCdevkit/VOC2012',
        data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClass'),
        ann_file='ImageSets/Segmentation/val.txt',
    )
)
