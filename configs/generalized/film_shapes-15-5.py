_base_ = './lseg_shapes-15-5.py'
model = dict(decode_head=dict(type='FiLMHead'))
