_base_ = [
    '../_base_/models/clearclip_vit-b16.py',
    '../_base_/datasets/open_vocabulary_448.py',
    '../_base_/datasets/coco-object.py',
    '../_base_/default_runtime.py',
]
model = dict(text_encoder=dict(vocabulary='coco'), prob_thd=0.4)
test_dataloader = dict(dataset=_base_.test_dataset)
