# Takes the checkpoint of any ClsCLIP of this model on ViT-B/16, whatever data it
# was trained on.
_base_ = [
    './models/clsclip_vit-b16.py',
    './datasets/open_vocabulary_336.py',
    './default_runtime.py',
]
model = dict(test_cfg=dict(mode='slide', crop_size=(224, 224), stride=(112, 112)))
