# CLIPSeg-style: the same tower and decoder; the text enters it by FiLM.
_base_ = './lseg_vit-b16.py'
model = dict(decode_head=dict(type='FiLMHead'))
