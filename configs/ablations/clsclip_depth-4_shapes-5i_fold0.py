# A decoder of four transformer layers.
_base_ = '../shapes/clsclip_shapes-5i_fold0.py'
model = dict(decode_head=dict(num_layers=4))
