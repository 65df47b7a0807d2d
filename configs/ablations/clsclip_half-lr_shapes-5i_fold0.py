# Half the learning rate of all other rows.
_base_ = '../shapes/clsclip_shapes-5i_fold0.py'
optim_wrapper = dict(optimizer=dict(lr=1e-3))
