_base_ = [
    '../_base_/models/clsclip_vit-b16.py',
    '../_base_/datasets/pascal-5i_480x480.py',
    '../_base_/schedules/schedule_pascal.py',
    '../_base_/default_runtime.py',
]
