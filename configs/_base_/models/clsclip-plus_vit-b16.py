# ClsCLIP+ as in the paper: boxes that YOLOv7 wrote with --save-json. It was
# trained on COCO's 80 classes, so it saw VOC's and COCO's. The plain ClsCLIP
# is what is trained, and its checkpoint what is taken.
_base_ = './clsclip_vit-b16.py'
model = dict(
    _delete_=True,
    type='ZoomIn',
    module=_base_.model,
    proposals=dict(type='COCOResultsProposals', saw_test_classes='yes'),
    # As the plain test pipeline has it; CLIP's mean, BGR.
    resize=[
        dict(type='Resize', scale=(480, 480), keep_ratio=True),
        dict(type='Pad', size=(480, 480), pad_val=dict(img=(104, 117, 123))),
    ],
    margin=0.1,
    whole_picture='fallback',
    join='or',
    crop_batch_size=8,
)
