# VOC 2012's 20 classes; the background is ignored.
_base_ = './voc21.py'
test_dataset = dict(type='PascalVOCDataset20')
