_base_ = [
    '../_base_/models/clip_vit-b16.py',
    '../_base_/datasets/open_vocabulary_336.py',
    '../_base_/datasets/coco-stuff.py',
    '../_base_/vocabularies/coco-stuff_joined.py',
    '../_base_/default_runtime.py',
]
model = dict(
    text_encoder=dict(vocabulary='cocostuff', prompts=_base_.prompts),
    with_background=False,
)
test_dataloader = dict(dataset=_base_.test_dataset)
