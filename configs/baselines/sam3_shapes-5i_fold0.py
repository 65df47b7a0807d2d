# SAM 3 as it is published, by transformers 5. Accept its licence on its page, and
# fetch it once, where there is a network:
#   hf download facebook/sam3 --exclude '*.pt' --local-dir checkpoints/sam3
# It was trained on masks of classes that count as unseen elsewhere: its scores
# are not zero-shot in the sense of a fold.
_base_ = './clipseg-rd64_shapes-5i_fold0.py'
# A text has masks of 200 instances: one at a time.
model = dict(folder='checkpoints/sam3', test_cfg=dict(class_batch_size=1))
