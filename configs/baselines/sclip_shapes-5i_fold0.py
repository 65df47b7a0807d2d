_base_ = './maskclip_shapes-5i_fold0.py'
model = dict(backbone=dict(attention='qq+kk'))
