_base_ = './lseg_shapes-5i_fold0.py'
train_dataloader = dict(dataset=dict(dataset=dict(fold=2)))
test_dataloader = dict(dataset=dict(dataset=dict(fold=2)))
