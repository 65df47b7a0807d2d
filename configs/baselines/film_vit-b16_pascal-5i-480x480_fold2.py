_base_ = './film_vit-b16_pascal-5i-480x480_fold0.py'
train_dataloader = dict(dataset=dict(fold=2))
test_dataloader = dict(dataset=dict(fold=2))
