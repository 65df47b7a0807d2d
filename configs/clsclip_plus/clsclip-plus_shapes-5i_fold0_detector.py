# The paper's case: a detector that knows the classes, with its errors, drawn
# by tools/shapes/make_detections.py.
# Another fold: --cfg-options test_dataloader.dataset.dataset.fold=1.
_base_ = './clsclip-plus_shapes-5i_fold0.py'
assets = '{{ fileDirname }}/../../mmseg_clsclip/assets'
model = dict(
    proposals=dict(
        _delete_=True,
        type='COCOResultsProposals',
        file=assets + '/shapes-detections_results.json',
        ann_file=assets + '/shapes-detections_images.json',
        saw_test_classes='yes',
    ),
    margin=0.7,
    whole_picture='fallback',
    join='or',
)
