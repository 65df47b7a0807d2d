# VOC 2012's 20 classes and the background, as the open-vocabulary methods test.
_base_ = ['./open_vocabulary_336.py', './voc21.py']
test_dataloader = dict(dataset=_base_.test_dataset)
