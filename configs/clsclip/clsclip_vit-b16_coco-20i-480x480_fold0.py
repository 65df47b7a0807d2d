_base_ = [
    '../_base_/models/clsclip_vit-b16.py',
    '../_base_/datasets/coco-20i_480x480.py',
    '../_base_/schedules/schedule_coco.py',
    '../_base_/default_runtime.py',
]
model = dict(text_encoder=dict(vocabulary='coco'))
