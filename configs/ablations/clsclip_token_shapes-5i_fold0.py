# The text is a token of the decoder's layers instead of the tower's.
_base_ = '../baselines/lseg_shapes-5i_fold0.py'
model = dict(decode_head=dict(type='TokenHead'))
