_base_ = './clsclip_vit-b16_coco-20i-480x480_fold0.py'
train_dataloader = dict(
    dataset=dict(fold=3, list_file='data/coco/lists/train_fold3.txt')
)
test_dataloader = dict(dataset=dict(fold=3, list_file='data/coco/lists/val_fold3.txt'))
