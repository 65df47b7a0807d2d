# COCO-20i, with the lists that tools/dataset_converters/coco_20i.py writes:
# to count 82,000 masks at every start would take minutes.
_base_ = './episodes_480x480.py'
train_dataloader = dict(
    dataset=dict(
        type='COCO20iDataset',
        fold=0,
        split='train',
        list_file='data/coco/lists/{split}_fold{fold}.txt',
        novel_handling='drop_image',
    )
)
test_dataloader = dict(
    batch_size=16,  # of one size: a single one leaves a GPU idle
    dataset=dict(
        type='COCO20iDataset',
        fold=0,
        split='val',
        list_file='data/coco/lists/{split}_fold{fold}.txt',
        novel_handling='drop_image',
    ),
)
