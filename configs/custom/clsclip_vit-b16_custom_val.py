# Validates every thousand iterations and keeps the best checkpoint, too. The
# pictures are held out of the training's, and asked for base classes alone.
_base_ = './clsclip_vit-b16_custom.py'
val_data = dict(
    _base_.test_data,
    data_prefix=dict(img_path='val/pictures', seg_map_path='val/masks'),
)
# Of the base, which has None there, nothing can be kept.
val_dataloader = dict(_base_.test_dataloader, _delete_=True)
val_dataloader['dataset'] = dict(
    val_dataloader['dataset'], dataset=val_data, test_classes='base'
)
val_evaluator = dict(_delete_=True, type='EpisodeIoUMetric')
val_cfg = dict(_delete_=True, type='ValLoop')
train_cfg = dict(val_interval=1000)
default_hooks = dict(checkpoint=dict(save_best='miou_seen', rule='greater'))
