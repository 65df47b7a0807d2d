"""The shipped heads in all folds, and the tables of them."""

from pathlib import Path

from mmseg_clsclip.experiments import shipped, tool_runs


def test_each_fold_is_evaluated_with_its_own_head(monkeypatch, tmp_path):
    asked = []

    def test(run, work_dir, threads):
        fold = int(Path(run.checkpoint).stem[-1])
        name = Path(run.config).stem
        asked.append((name, fold))
        if '15-5' in name:
            assert run.options == (f'test_dataloader.dataset.fold={fold}',)
            whole = dict(mIoU=10 + fold, mIoU_seen=15 + fold, mIoU_unseen=5, hIoU=8)
            if 'presence' in name:
                assert name.endswith(f'presence_shapes-15-5_fold{fold}')
                return dict(whole, mIoU=70, names_asked=2)
            return whole
        if 'plus' in name:
            assert run.options == (f'test_dataloader.dataset.dataset.fold={fold}',)
            return dict(
                miou_unseen=20 + fold,
                miou_unseen_small=30 + fold,
                protocol=dict(proposals=name),
            )
        assert not run.options and name.endswith(f'fold{fold}')
        return dict(
            miou_seen=50, miou_unseen=40 + fold, miou_unseen_small=30, fb_iou=60 + fold
        )

    monkeypatch.setattr(tool_runs, 'run_test', test)
    models, plus = shipped.evaluate(tmp_path)
    assert len(asked) == len(set(asked)) == 4 * (2 + 4 + 4)
    assert list(models) == [
        *('ClsCLIP', 'ClsCLIP, presence', 'ClsCLIP-gate', 'ClsCLIP-gate, presence')
    ]
    sure = models['ClsCLIP, presence']
    assert sure['fold2']['miou_whole'] == 70 and sure['mean']['names_asked'] == 2
    assert sure['fold2']['miou_unseen'] == 42
    rows = models['ClsCLIP']
    assert list(rows) == [*(f'fold{k}' for k in range(4)), 'mean']
    assert [rows[f'fold{k}']['miou_unseen'] for k in range(4)] == [40, 41, 42, 43]
    assert rows['fold2']['miou_whole'] == 12
    assert rows['mean'] == dict(
        miou_seen=50,
        miou_unseen=41.5,
        miou_unseen_small=30,
        fb_iou=61.5,
        miou_whole=11.5,
        miou_whole_seen=16.5,
        miou_whole_unseen=5,
        hiou_whole=8,
    )
    assert len(plus) == 4 and len({p['proposals'] for p in plus.values()}) == 4
    for row in plus.values():
        assert row['miou_unseen'] == 21.5 and row['miou_unseen_small'] == 31.5


def test_models_stand_in_one_table_each_with_what_it_has(capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', '140')  # of the terminal
    episodes = dict.fromkeys(('miou_seen', 'miou_unseen', 'miou_unseen_small'), 50.0)
    plain = dict(episodes, fb_iou=60.0, miou_whole=38.3)
    rows = dict(
        ClsCLIP=dict(mean=plain), other=dict(mean=dict(plain, names_asked=2.66))
    )
    plus = dict(a=dict(episodes, proposals='boxes'))

    def printed():
        cells = (line.split('│')[1:-1] for line in capsys.readouterr().out.splitlines())
        return [[cell.strip() for cell in line] for line in cells if line]

    shipped.print_tables(rows, plus)
    one, other, *_, source = printed()
    assert one == ['ClsCLIP, mean', '50.0', '50.0', '50.0', '60.0', '38.3', '-']
    assert other == ['other, mean', '50.0', '50.0', '50.0', '60.0', '38.3', '2.7']
    assert source == ['boxes', '50.0', '50.0']
    # Where errors are known of all they have a table.
    for of_model in rows.values():
        of_model['mean'].update(object_right=80.0, object_missed=9.0)
    shipped.print_tables(rows, plus)
    assert ['other', '80.0', '9.0'] in printed()
    # Without a model that chooses names there is no column of them.
    del rows['other']
    shipped.print_tables(rows, plus)
    assert printed()[0] == one[:-1]
