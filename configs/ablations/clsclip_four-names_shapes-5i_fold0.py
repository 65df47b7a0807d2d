# Four names a picture, half of them absent, and a loss on all of them together:
# training for vocabularies. A step has half as many pictures, and twice the names.
_base_ = '../shapes/clsclip_shapes-5i_fold0.py'
model = dict(
    decode_head=dict(
        loss_vocabulary=dict(
            type='CrossEntropyLoss', avg_non_ignore=True, loss_name='loss_vocabulary'
        )
    )
)
train_pipeline = _base_.train_pipeline
train_pipeline[-2].update(names_per_picture=4, absent_share=0.5)
train_dataloader = dict(batch_size=4, dataset=dict(pipeline=train_pipeline))
