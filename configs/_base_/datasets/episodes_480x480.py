# Pictures at 480 x 480, one class a sample: what PASCAL-5i and COCO-20i, and
# the training of the generalised protocols, have in common. No picture is
# stretched: the longer side becomes 480 in testing, about that in training.
_base_ = './episodes.py'
crop_size = (480, 480)
# CLIP's, as OpenCV reads pictures, BGR; normalised it is 0.
mean = (104, 117, 123)
meta_keys = (*_base_.meta_keys, 'padding_size', 'geometry')
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    # ESDA's augmentation, but for what docs/design.md names.
    dict(type='RandomResize', scale=crop_size, ratio_range=(0.9, 1.1), keep_ratio=True),
    dict(type='RandomRotate', prob=0.5, degree=10, pad_val=mean, seg_pad_val=255),
    dict(
        type='RandomApply',
        transforms=[dict(type='GaussianBlur', kernel_size=5)],
        prob=0.5,
    ),
    dict(type='RandomFlip', prob=0.5),
    # What is smaller the model's data_preprocessor pads, with the mean and 255.
    dict(type='RandomCrop', crop_size=crop_size),
    dict(type='MakeEpisode', min_area=1024),
    dict(type='PackSegInputs', meta_keys=meta_keys),
]
letterbox = [
    dict(type='Resize', scale=crop_size, keep_ratio=True),
    dict(type='RemovablePad', size=crop_size, pad_val=dict(img=mean)),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    *letterbox,
    dict(type='LoadAnnotations'),
    dict(type='MakeEpisode'),
    dict(type='PackSegInputs', meta_keys=meta_keys),
]
# ClsCLIP+ cuts from the picture as it is.
zoom_in_pipeline = [test_pipeline[0], *test_pipeline[3:]]
tta_pipeline = [
    test_pipeline[0],
    dict(
        type='TestTimeAug',
        transforms=[
            *_base_.tta_pipeline[1].transforms,
            # After the flips, so that the padding stays at the right.
            [
                dict(
                    type='Compose',
                    transforms=[
                        dict(letterbox[0], scale=(side, side)),
                        dict(letterbox[1], size=(side, side)),
                    ],
                )
                for side in (384, 480, 576)
            ],
            *([step] for step in test_pipeline[3:]),
        ],
    ),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
