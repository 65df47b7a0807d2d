# The text navigates the tower and scales and shifts the decoder, too.
_base_ = '../shapes/clsclip_shapes-5i_fold0.py'
model = dict(
    type='NavigatedLateFusionSegmentor',
    decode_head=dict(type='FiLMHead', text_channels=64),
)
