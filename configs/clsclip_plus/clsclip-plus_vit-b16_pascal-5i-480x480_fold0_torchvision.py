# A detector run live; its weights, trained on COCO, are downloaded once.
# Another fold: --cfg-options test_dataloader.dataset.fold=1.
_base_ = './clsclip-plus_vit-b16_pascal-5i-480x480_fold0.py'
model = dict(
    proposals=dict(
        _delete_=True,
        type='TorchvisionProposals',
        model='fasterrcnn_resnet50_fpn_v2',
        weights='COCO_V1',
    )
)
