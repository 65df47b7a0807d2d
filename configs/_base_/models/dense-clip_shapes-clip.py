# Training-free dense CLIP on the small CLIP of Shapes-5i.
_base_ = './dense-clip_vit-b16.py'
data_preprocessor = dict(size=(64, 64))
model = dict(
    data_preprocessor=data_preprocessor,
    backbone=dict(architecture='shapes-clip', pretrained='shipped'),
    # As its captions are worded; no caption has the word "background".
    text_encoder=dict(vocabulary='shapes_5i', templates=('a photo of a {}',)),
    background=('picture',),
)
