_base_ = [
    '../_base_/clsclip_vit-b16_open-vocabulary-336.py',
    '../_base_/datasets/context60.py',
]
model = dict(text_encoder=dict(vocabulary='pcontext'))
test_dataloader = dict(dataset=_base_.test_dataset)
