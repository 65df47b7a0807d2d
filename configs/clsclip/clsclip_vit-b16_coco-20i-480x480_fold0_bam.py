# Tested as BAM tests: a thousand episodes of its drawing, letterboxed, aligned
# corners, scored on a square. Its five seeds are 510, 365, 382, 322 and 988.
# Another fold: --cfg-options test_dataloader.dataset.fold=1.
_base_ = './clsclip_vit-b16_coco-20i-480x480_fold0.py'
letterbox = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='BAMLetterbox', size=480),
    dict(type='MakeEpisode'),
]
pack = dict(type='PackSegInputs', meta_keys=_base_.meta_keys)
test_pipeline = [*letterbox, pack]
# The canvas has one size, so that only flips are left.
tta_pipeline = [
    *letterbox,
    dict(type='TestTimeAug', transforms=[_base_.tta_pipeline[1].transforms[0], [pack]]),
]
model = dict(decode_head=dict(align_corners=True))
test_dataloader = dict(
    dataset=dict(
        pipeline=test_pipeline,
        episodes='bam',
        # In the order of BAM's pictures: docs/protocols.md says how it is made.
        list_file='data/coco/lists/bam_{split}_fold{fold}.txt',
    )
)
