_base_ = [
    '../_base_/models/clip_vit-b16.py',
    '../_base_/datasets/open_vocabulary_448.py',
    '../_base_/datasets/ade20k.py',
    '../_base_/vocabularies/ade20k_joined.py',
    '../_base_/default_runtime.py',
]
model = dict(
    text_encoder=dict(vocabulary='ade', prompts=_base_.prompts), with_background=False
)
test_dataloader = dict(dataset=_base_.test_dataset)
