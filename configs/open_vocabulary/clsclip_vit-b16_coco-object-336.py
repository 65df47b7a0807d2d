_base_ = '../_base_/clsclip_vit-b16_open-vocabulary-336.py'
model = dict(text_encoder=dict(vocabulary='coco'))
test_dataloader = dict(
    dataset=dict(
        type='COCOObjectDataset',
        data_root='data/coco',
        data_prefix=dict(img_path='val2017', seg_map_path='annotations/val2017'),
    )
)
