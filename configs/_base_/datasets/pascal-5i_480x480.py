# PASCAL-5i. Both splits name the fold and what becomes of training pictures
# with a novel class: BAM and ESDA leave them out; the paper does not say.
_base_ = './episodes_480x480.py'
train_dataloader = dict(
    dataset=dict(
        type='PASCAL5iDataset',
        fold=0,
        split='train',
        # VOC's own. The field's 5,953 pictures: see docs/protocols.md.
        ann_file='ImageSets/Segmentation/train.txt',
        novel_handling='drop_image',
    )
)
test_dataloader = dict(
    batch_size=16,  # of one size: a single one leaves a GPU idle
    dataset=dict(
        type='PASCAL5iDataset', fold=0, split='val', novel_handling='drop_image'
    ),
)
