_base_ = [
    '../_base_/models/clearclip_vit-b16.py',
    '../_base_/datasets/open_vocabulary_448.py',
    '../_base_/datasets/context60.py',
    '../_base_/default_runtime.py',
]
model = dict(text_encoder=dict(vocabulary='pcontext'), prob_thd=0.15)
test_dataloader = dict(dataset=_base_.test_dataset)
