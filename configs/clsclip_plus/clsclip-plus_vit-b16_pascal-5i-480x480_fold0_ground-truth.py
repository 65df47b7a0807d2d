# The paper's upper bound: boxes of the true masks.
# Another fold: --cfg-options test_dataloader.dataset.fold=1.
_base_ = './clsclip-plus_vit-b16_pascal-5i-480x480_fold0.py'
model = dict(proposals=dict(_delete_=True, type='GroundTruthProposals'))
