"""What a head keeps when it is published."""

import torch

from mmseg_clsclip.experiments import heads


def test_a_published_checkpoint_remembers_what_was_seen(tmp_path):
    dataset_meta = dict(
        classes=('a', 'b'),
        palette=[[0, 0, 0]],
        base_classes=('a',),
        protocol=dict(fold=0),
        more=1,
    )
    meta = dict(
        dataset_meta=dataset_meta, iter=3, seed=0, time='now', seen_classes=['a', 'c']
    )
    content = dict(meta=meta, state_dict=dict(x=torch.zeros(1)), optimizer={})
    torch.save(content, tmp_path / 'in.pth')
    heads.publish_head(tmp_path / 'in.pth', tmp_path / 'out.pth')
    kept = torch.load(tmp_path / 'out.pth', weights_only=True)
    assert kept['meta']['seen_classes'] == ['a', 'c']
    assert 'more' not in kept['meta']['dataset_meta']
    assert set(kept) == {'meta', 'state_dict'}
    # Or that nobody knows it.
    assert 'trained_on' not in kept['meta']
    meta['trained_on'] = 'unknown'
    torch.save(content, tmp_path / 'in.pth')
    heads.publish_head(tmp_path / 'in.pth', tmp_path / 'out.pth')
    kept = torch.load(tmp_path / 'out.pth', weights_only=True)
    assert kept['meta']['trained_on'] == 'unknown'
