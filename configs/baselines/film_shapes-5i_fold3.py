_base_ = './film_shapes-5i_fold0.py'
train_dataloader = dict(dataset=dict(dataset=dict(fold=3)))
test_dataloader = dict(dataset=dict(dataset=dict(fold=3)))
