_base_ = [
    '../_base_/models/maskclip_vit-b16.py',
    '../_base_/datasets/open_vocabulary_512.py',
    '../_base_/datasets/ade20k.py',
    '../_base_/default_runtime.py',
]
model = dict(text_encoder=dict(vocabulary='ade'))
test_dataloader = dict(dataset=_base_.test_dataset)
