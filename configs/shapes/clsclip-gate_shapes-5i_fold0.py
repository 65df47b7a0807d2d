# Beyond the paper: the text weighs the channels of the patches in the same
# frozen blocks, in place of a token in place of the [CLS]. It is heard better,
# see docs/results.md.
_base_ = '../ablations/clsclip_channel_shapes-5i_fold0.py'
