"""The rows of the study, and the fingerprints of their configs."""

import json

from mmengine.config import Config

from mmseg_clsclip.experiments import rows


def test_rows_differ_in_what_they_say_they_do():
    trained = {}
    for row in {**rows.BASELINES, **rows.ABLATIONS, **rows.FOUR_NAMES}:
        cfg = Config.fromfile(rows.config_of(row))
        reference = Config.fromfile(rows.config_of('ClsCLIP'))
        rate = cfg.optim_wrapper.optimizer.pop('lr')
        other = reference.optim_wrapper.optimizer.pop('lr')
        assert (rate != other) == ('learning rate' in row), row
        cfg = cfg.to_dict()
        model = cfg.pop('model')
        trained[row] = json.dumps([model, rate], default=str)
        for key in ('data_preprocessor', 'custom_imports'):
            cfg.pop(key, None)
        # The same data, budget, optimiser and seed for all.
        for key, value in cfg.items():
            same = value == reference.get(key)
            if row in rows.FOUR_NAMES and key in ('train_dataloader', 'train_pipeline'):
                assert not same
            else:
                assert same, (row, key)
    assert len(set(trained.values())) == len(trained)


def test_a_fingerprint_is_of_all_that_a_config_says(tmp_path):
    prints = {rows.fingerprint(rows.config_of(row)) for row in rows.ROWS}
    assert len(prints) == len(rows.ROWS)
    base = rows.config_of('ClsCLIP')
    plain = rows.fingerprint(base)
    for name, more, same in (
        ('same', '', True),
        ('drawn', 'visualizer = dict(alpha=0.5)', True),
        ('kept', 'default_hooks = dict(checkpoint=dict(interval=7))', True),
        ('averaged', 'custom_hooks = []', False),
        ('other', 'train_cfg = dict(max_iters=7)', False),
    ):
        config = tmp_path / f'{name}.py'
        config.write_text(f'_base_ = {str(base)!r}\n{more}')
        assert (rows.fingerprint(config) == plain) == same
