_base_ = '../_base_/clsclip_vit-b16_open-vocabulary-336.py'
model = dict(text_encoder=dict(vocabulary='cityscapes'), with_background=False)
test_dataloader = dict(
    dataset=dict(
        type='CityscapesDataset',
        data_root='data/cityscapes',
        data_prefix=dict(img_path='leftImg8bit/val', seg_map_path='gtFine/val'),
    )
)
