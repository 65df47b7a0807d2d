# CLIPSeg as it is published, by transformers. Fetch it once, where there is a
# network (the revision has the weights as safetensors):
#   hf download CIDAS/clipseg-rd64-refined --revision refs/pr/6 \
#     --exclude '*.bin' --local-dir checkpoints/clipseg-rd64-refined
# It was trained on PhraseCut's masks, which show classes that count as unseen
# elsewhere: its scores are not zero-shot in the sense of a fold.
# In several processes; the usual wrapper refuses what has nothing to train.
model_wrapper_cfg = dict(type='MMSeparateDistributedDataParallel')
model = dict(
    type='HuggingFaceSegmentor',
    folder='checkpoints/clipseg-rd64-refined',
    vocabulary='voc',
    with_background=True,
    # What texts cost is small: the picture is encoded once.
    test_cfg=dict(mode='whole', class_batch_size=8),
)
