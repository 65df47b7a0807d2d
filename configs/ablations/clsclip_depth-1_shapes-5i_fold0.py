# A decoder of one transformer layer.
_base_ = '../shapes/clsclip_shapes-5i_fold0.py'
model = dict(decode_head=dict(num_layers=1))
