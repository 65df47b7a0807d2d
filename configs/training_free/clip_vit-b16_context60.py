_base_ = [
    '../_base_/models/clip_vit-b16.py',
    '../_base_/datasets/open_vocabulary_336.py',
    '../_base_/datasets/context60.py',
    '../_base_/default_runtime.py',
]
model = dict(text_encoder=dict(vocabulary='pcontext'), prob_thd=0.05)
test_dataloader = dict(dataset=_base_.test_dataset)
