_base_ = '../_base_/clsclip_vit-b16_open-vocabulary-336.py'
model = dict(text_encoder=dict(vocabulary='ade'), with_background=False)
test_dataloader = dict(
    dataset=dict(
        type='ADE20KDataset',
        data_root='data/ade/ADEChallengeData2016',
        data_prefix=dict(
            img_path='images/validation', seg_map_path='annotations/validation'
        ),
    )
)
