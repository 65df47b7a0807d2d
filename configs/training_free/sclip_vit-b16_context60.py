_base_ = [
    '../_base_/models/sclip_vit-b16.py',
    '../_base_/datasets/open_vocabulary_336.py',
    '../_base_/datasets/context60.py',
    '../_base_/default_runtime.py',
]
model = dict(text_encoder=dict(vocabulary='pcontext'), softmax_scale=50, prob_thd=0.1)
test_dataloader = dict(dataset=_base_.test_dataset)
