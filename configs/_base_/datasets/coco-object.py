# COCO's 80 things and the background.
test_dataset = dict(
    type='COCOObjectDataset',
    data_root='data/coco',
    data_prefix=dict(img_path='val2017', seg_map_path='annotations/val2017'),
)
