# The plain baseline: a grid of windows.
# Another fold: --cfg-options test_dataloader.dataset.dataset.fold=1.
_base_ = './clsclip-plus_shapes-5i_fold0.py'
model = dict(
    proposals=dict(_delete_=True, type='WindowProposals', grid=(2, 2), overlap=0.5),
    margin=0,
)
