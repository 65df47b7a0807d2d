_base_ = './clsclip-plus_vit-b16_coco-20i-480x480_fold0.py'
test_dataloader = dict(dataset=dict(fold=2))
