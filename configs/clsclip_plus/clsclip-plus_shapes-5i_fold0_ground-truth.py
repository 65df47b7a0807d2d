# The upper bound: boxes of the true masks.
# Another fold: --cfg-options test_dataloader.dataset.dataset.fold=1.
_base_ = './clsclip-plus_shapes-5i_fold0.py'
model = dict(
    proposals=dict(_delete_=True, type='GroundTruthProposals'),
    margin=0.7,
    whole_picture='fallback',
    join='or',
)
