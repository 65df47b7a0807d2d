# Does it run? Ten iterations on a CPU, a line of losses for each: a small CLIP,
# with random weights, in one process. The checkpoint is good for nothing.
_base_ = './clsclip_vit-b16_custom.py'
model = dict(backbone=dict(architecture='ViT-S-32-alt', pretrained=None))
train_dataloader = dict(batch_size=2, num_workers=0, persistent_workers=False)
test_dataloader = dict(num_workers=0, persistent_workers=False)
train_cfg = dict(max_iters=10)
default_hooks = dict(logger=dict(interval=1))
