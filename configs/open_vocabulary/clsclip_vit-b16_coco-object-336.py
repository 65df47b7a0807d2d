_base_ = [
    '../_base_/clsclip_vit-b16_open-vocabulary-336.py',
    '../_base_/datasets/coco-object.py',
]
model = dict(text_encoder=dict(vocabulary='coco'))
test_dataloader = dict(dataset=_base_.test_dataset)
