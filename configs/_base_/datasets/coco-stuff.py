# COCO-Stuff's 171 classes.
test_dataset = dict(
    type='COCOStuffDataset',
    data_root='data/coco_stuff164k',
    data_prefix=dict(img_path='images/val2017', seg_map_path='annotations/val2017'),
)
