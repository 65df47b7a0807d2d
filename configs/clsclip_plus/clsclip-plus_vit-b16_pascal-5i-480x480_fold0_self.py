# Truly zero-shot: boxes from ClsCLIP's own first look.
# Another fold: --cfg-options test_dataloader.dataset.fold=1.
_base_ = './clsclip-plus_vit-b16_pascal-5i-480x480_fold0.py'
model = dict(proposals=dict(_delete_=True, type='SelfProposals'))
