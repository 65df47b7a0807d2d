_base_ = './clearclip_shapes-5i_fold0.py'
test_dataloader = dict(dataset=dict(dataset=dict(fold=2)))
