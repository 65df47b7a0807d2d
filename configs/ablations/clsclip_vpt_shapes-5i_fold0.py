# Visual prompts beside the navigation.
_base_ = '../shapes/clsclip_shapes-5i_fold0.py'
model = dict(backbone=dict(type='VisualPromptVisionTransformer', num_prompts=10))
