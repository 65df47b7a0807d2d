_base_ = './clip_vit-b16_voc21.py'
model = dict(with_background=False, prob_thd=0)
test_dataloader = dict(dataset=dict(type='PascalVOCDataset20'))
