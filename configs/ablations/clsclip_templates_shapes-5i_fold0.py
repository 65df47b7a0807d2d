# The mean over the four phrases of the small CLIP's captions.
_base_ = '../shapes/clsclip_shapes-5i_fold0.py'
model = dict(
    text_encoder=dict(templates=('{}', 'a {}', 'a photo of a {}', 'a picture of a {}'))
)
