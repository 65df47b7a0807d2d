_base_ = './lseg_four-names_shapes-5i_fold0.py'
model = dict(decode_head=dict(type='FiLMHead'))
