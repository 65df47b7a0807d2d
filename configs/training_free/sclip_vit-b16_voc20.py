_base_ = './sclip_vit-b16_voc21.py'
model = dict(with_background=False, softmax_scale=40, prob_thd=0, area_thd=0)
test_dataloader = dict(dataset=dict(type='PascalVOCDataset20'))
