# ClsCLIP+ on Shapes-5i: boxes from ClsCLIP's own first look, so that nothing
# has seen the unseen classes. Takes the plain ClsCLIP's checkpoint.
_base_ = './clsclip_shapes-clip.py'
model = dict(
    _delete_=True,
    type='ZoomIn',
    module=_base_.model,
    proposals=dict(type='SelfProposals', threshold=0.5),
    resize=dict(type='Resize', scale=(64, 64)),
    # Shapes as large as in training, not as large as the crop.
    margin=0.5,
    square=True,
    whole_picture='include',
    join='mean',
)
