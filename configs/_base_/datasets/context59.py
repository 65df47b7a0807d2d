# PASCAL-Context's 59 classes; the background is ignored.
_base_ = './context60.py'
test_dataset = dict(type='PascalContextDataset59')
