# Four tokens of the text, which weighs the patches' channels besides.
_base_ = './clsclip_tokens-4_shapes-5i_fold0.py'
model = dict(backbone=dict(type='GatedAndNavigatedVisionTransformer'))
