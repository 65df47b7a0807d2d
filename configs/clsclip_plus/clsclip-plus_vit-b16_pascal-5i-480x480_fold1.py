_base_ = './clsclip-plus_vit-b16_pascal-5i-480x480_fold0.py'
test_dataloader = dict(dataset=dict(fold=1))
