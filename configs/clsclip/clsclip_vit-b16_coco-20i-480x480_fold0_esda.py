# Tested as ESDA tests: as BAM, by another seed and without a support picture.
_base_ = './clsclip_vit-b16_coco-20i-480x480_fold0_bam.py'
test_dataloader = dict(dataset=dict(episodes='esda'))
