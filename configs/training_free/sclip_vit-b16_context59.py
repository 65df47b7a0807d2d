_base_ = './sclip_vit-b16_context60.py'
model = dict(with_background=False, softmax_scale=40, prob_thd=0)
test_dataloader = dict(dataset=dict(type='PascalContextDataset59'))
