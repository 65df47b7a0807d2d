_base_ = [
    '../_base_/models/transformers-clipseg.py',
    '../_base_/datasets/open_vocabulary_336.py',
    '../_base_/default_runtime.py',
]
# The picture as it was read: the model brings it to its own 352 x 352.
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
]
# So of test-time augmentation only the flips are left, not the sizes before.
tta_pipeline = [
    _base_.tta_pipeline[0],
    dict(type='TestTimeAug', transforms=_base_.tta_pipeline[1].transforms[1:]),
]
test_dataloader = dict(
    dataset=dict(
        type='PascalVOCDataset',
        data_root='data/VOCdevkit/VOC2012',
        data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClass'),
        ann_file='ImageSets/Segmentation/val.txt',
        pipeline=test_pipeline,
    )
)
