"""What classes a model was trained on, as far as files tell."""

from mmseg_clsclip.comparison import classes


def test_training_classes_without_the_training_files():
    names = classes.training_classes(
        dict(
            type='PascalVOCDataset',
            data_root='nowhere',
            data_prefix=dict(img_path='a', seg_map_path='b'),
            ann_file='train.txt',
            pipeline=[],
        )
    )
    assert len(names) == 20 and 'sofa' in names
    assert classes.training_classes(
        dict(
            type='PascalVOCDataset',
            data_root='nowhere',
            metainfo=dict(classes=('cat', 'dog')),
            pipeline=[],
            ann_file='train.txt',
        )
    ) == {'cat', 'dog'}


def test_training_classes_are_told_without_data():
    def seen(**cfg):
        return classes.training_classes(cfg)

    assert 'cat' not in seen(type='PASCAL5iDataset', fold=1)
    assert len(seen(type='PASCAL5iDataset', fold=1)) == 15
    assert len(seen(type='COCO20iDataset')) == 60
    inner = dict(type='Shapes5iDataset', fold=2)
    assert len(seen(**inner)) == 20
    assert len(seen(type='EpisodeDataset', dataset=inner)) == 15
    repeated = dict(type='RepeatDataset', times=2, dataset=inner)
    assert len(seen(type='ConcatDataset', datasets=[inner, repeated])) == 20
    # A wrapper that would read its files, and a novel class of what is in it.
    plain = dict(
        type='BaseSegDataset',
        data_root='nowhere',
        metainfo=dict(classes=('cat', 'dog'), novel_classes=('dog',)),
        ann_file='none.txt',
    )
    for wrapped in (
        dict(type='ConcatDataset', datasets=[plain, plain]),
        dict(type='RepeatDataset', times=2, dataset=plain),
    ):
        assert seen(type='EpisodeDataset', dataset=wrapped) == {'cat'}
    assert 'red ring' not in seen(
        type='EpisodeDataset', dataset=inner, novel_classes=['red ring']
    )
