_base_ = './clsclip_vit-b16_pascal-5i-480x480_fold0.py'
train_dataloader = test_dataloader = dict(dataset=dict(fold=1))
