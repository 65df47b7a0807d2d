# Your own pictures and masks; docs/custom_data.md goes through it. Copy this
# file and change what stands above the line.
_base_ = [
    '../_base_/models/clsclip_vit-b16.py',
    '../_base_/datasets/episodes_480x480.py',
    '../_base_/schedules/schedule_pascal.py',
    '../_base_/default_runtime.py',
]
data_root = 'data/custom'
img_suffix, seg_map_suffix = '.jpg', '.png'
# The k-th name, from 0, is the value k in the masks; 255 is ignored.
class_names = (
    'background',
    'cat',
    'dog',
    'horse',
    'sofa',
    'chair',
    'table',
    'sheep',
    'bicycle',
)
# Training never sees a mask of these.
new_classes = ('sheep', 'bicycle')
# Height and width of what the model sees, in pixels.
crop_size = (480, 480)
# ---------------------------------------------------------------------------
train_data = dict(
    type='BaseSegDataset',
    data_root=data_root,
    img_suffix=img_suffix,
    seg_map_suffix=seg_map_suffix,
    data_prefix=dict(img_path='train/pictures', seg_map_path='train/masks'),
    metainfo=dict(classes=class_names, novel_classes=new_classes),
)
test_data = dict(
    train_data,
    data_prefix=dict(img_path='test/pictures', seg_map_path='test/masks'),
    test_mode=True,
)
data_preprocessor = dict(size=crop_size)
model = dict(
    data_preprocessor=data_preprocessor, text_encoder=dict(vocabulary=class_names[1:])
)
# The steps of the base, with this size where one has a size.
sizes = dict(
    crop_size=crop_size,
    # Transforms of mmcv have the width first.
    scale=crop_size[::-1],
    size=crop_size[::-1],
    min_area=crop_size[0] * crop_size[1] // 225,  # 1024 of 480 x 480
)
train_pipeline, test_pipeline = (
    [{key: sizes.get(key, value) for key, value in step.items()} for step in steps]
    for steps in (_base_.train_pipeline, _base_.test_pipeline)
)
tta_pipeline = _base_.tta_pipeline
tta_pipeline[1]['transforms'][1] = [
    dict(
        type='Compose',
        transforms=[
            {
                key: tuple(side * fifths // 5 for side in value)
                if key in ('scale', 'size')
                else value
                for key, value in step.items()
            }
            for step in test_pipeline[1:3]
        ],
    )
    for fifths in (4, 5, 6)
]
train_dataloader = dict(
    dataset=dict(
        type='EpisodeDataset',
        pipeline=train_pipeline,
        dataset=train_data,
        # Or 'ignore': keeps the picture, and the pixels count for nothing.
        novel_handling='drop_image',
    )
)
test_dataloader = dict(
    dataset=dict(
        type='EpisodeDataset',
        pipeline=test_pipeline,
        dataset=test_data,
        novel_handling='drop_image',
        # Pixels that a class must cover to be asked for.
        min_area=64,
    )
)
