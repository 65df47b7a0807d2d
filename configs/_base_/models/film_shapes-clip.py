# CLIPSeg-style: the same tower and decoder; the text enters it by FiLM.
_base_ = './lseg_shapes-clip.py'
model = dict(decode_head=dict(type='FiLMHead'))
