# ADE20K's 150 classes.
test_dataset = dict(
    type='ADE20KDataset',
    data_root='data/ade/ADEChallengeData2016',
    data_prefix=dict(
        img_path='images/validation', seg_map_path='annotations/validation'
    ),
)
