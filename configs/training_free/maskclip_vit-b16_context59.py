_base_ = [
    '../_base_/models/maskclip_vit-b16.py',
    '../_base_/datasets/open_vocabulary_520.py',
    '../_base_/datasets/context59.py',
    '../_base_/default_runtime.py',
]
model = dict(
    text_encoder=dict(
        vocabulary='pcontext',
        prompts=dict(
            aeroplane='airplane', pottedplant='potted plant', tvmonitor='tv monitor'
        ),
    )
)
test_dataloader = dict(dataset=_base_.test_dataset)
