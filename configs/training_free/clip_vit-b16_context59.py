_base_ = './clip_vit-b16_context60.py'
model = dict(with_background=False, prob_thd=0)
test_dataloader = dict(dataset=dict(type='PascalContextDataset59'))
