_base_ = './clsclip-gate_shapes-5i_fold0.py'
train_dataloader = test_dataloader = dict(dataset=dict(dataset=dict(fold=1)))
