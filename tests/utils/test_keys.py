"""What data sets and results say is written down in keys.py."""

from mmseg.registry import DATASETS

from mmseg_clsclip.evaluation.protocol import SampleTraits, describe_protocol
from mmseg_clsclip.utils import keys

EPISODES = dict(
    type='EpisodeDataset',
    dataset=dict(type='Shapes5iDataset', length=4, split='test', test_mode=True),
)


def test_every_key_of_a_data_set_and_of_a_result_is_written_down():
    data = DATASETS.build(EPISODES)
    meta = data.metainfo
    names = {keys.NOVEL_CLASSES, keys.BASE_CLASSES, keys.PROTOCOL}
    assert names < set(keys.DatasetMeta.__annotations__) & set(meta)
    known = set(keys.Protocol.__annotations__)
    assert set(meta[keys.PROTOCOL]) <= known
    result = describe_protocol(
        meta, [SampleTraits(((64, 64),), geometry='BAM letterbox')]
    )
    assert set(meta[keys.PROTOCOL]) < set(result) <= known
    assert data.get_data_info(0)[keys.CLASS_NAME] in meta['classes']
