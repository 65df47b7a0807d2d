_base_ = [
    '../_base_/clsclip_vit-b16_open-vocabulary-336.py',
    '../_base_/datasets/coco-stuff.py',
]
model = dict(text_encoder=dict(vocabulary='cocostuff'), with_background=False)
test_dataloader = dict(dataset=_base_.test_dataset)
