_base_ = './clsclip_vit-b16_voc21-336.py'
model = dict(with_background=False)
test_dataloader = dict(dataset=dict(type='PascalVOCDataset20'))
