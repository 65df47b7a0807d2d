_base_ = [
    '../_base_/models/clsclip-plus_vit-b16.py',
    '../_base_/datasets/coco-20i_480x480.py',
    '../_base_/default_runtime.py',
]
model = dict(
    module=dict(text_encoder=dict(vocabulary='coco')),
    proposals=dict(file='data/detections/yolov7_coco2014_val.json'),
)
train_dataloader = None
test_pipeline = _base_.zoom_in_pipeline
# Pictures as they are come in many sizes.
test_dataloader = dict(batch_size=1, dataset=dict(pipeline=test_pipeline))
test_cfg = dict(type='TestLoop')
