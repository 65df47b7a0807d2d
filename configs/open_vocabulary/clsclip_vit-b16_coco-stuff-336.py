_base_ = '../_base_/clsclip_vit-b16_open-vocabulary-336.py'
model = dict(text_encoder=dict(vocabulary='cocostuff'), with_background=False)
test_dataloader = dict(
    dataset=dict(
        type='COCOStuffDataset',
        data_root='data/coco_stuff164k',
        data_prefix=dict(img_path='images/val2017', seg_map_path='annotations/val2017'),
    )
)
