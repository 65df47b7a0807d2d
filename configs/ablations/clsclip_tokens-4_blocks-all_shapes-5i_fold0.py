# Four tokens of the text, in all eight blocks.
_base_ = './clsclip_blocks-all_shapes-5i_fold0.py'
model = dict(backbone=dict(num_tokens=4))
