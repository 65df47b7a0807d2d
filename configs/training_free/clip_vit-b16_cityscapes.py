_base_ = [
    '../_base_/models/clip_vit-b16.py',
    '../_base_/datasets/open_vocabulary_448.py',
    '../_base_/datasets/cityscapes.py',
    '../_base_/vocabularies/cityscapes_joined.py',
    '../_base_/default_runtime.py',
]
model = dict(
    text_encoder=dict(vocabulary='cityscapes', prompts=_base_.prompts),
    with_background=False,
    test_cfg=dict(crop_size=(224, 224)),
)
test_dataloader = dict(dataset=_base_.test_dataset)
