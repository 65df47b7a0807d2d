custom_imports = dict(imports=['mmseg_clsclip'])
default_scope = 'mmseg'
env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(
    type='EpisodeVisualizer', vis_backends=vis_backends, name='visualizer'
)
log_processor = dict(by_epoch=False)
log_level = 'INFO'
load_from = None
resume = False
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50, log_metric_by_epoch=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # The last checkpoint is the result: none is chosen by its test score. Two
    # are kept, as one is removed before the next is written.
    checkpoint=dict(
        type='CheckpointHook', by_epoch=False, interval=1000, max_keep_ckpts=2
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    # Draws nothing unless asked to, as by --show-dir; then every picture.
    visualization=dict(type='SegVisualizationHook', interval=1),
    # Not in custom_hooks, a list that a config's own replaces.
    checkpoint_format=dict(type='CheckpointFormatHook'),
    evaluation_guard=dict(type='EvaluationGuardHook'),
    zero_shot_record=dict(type='ZeroShotRecordHook'),
    episode_visualizer=dict(type='EpisodeVisualizerHook'),
)
# Flips and scales, with `tools/test.py --tta`.
tta_model = dict(type='SegTTAModel')
