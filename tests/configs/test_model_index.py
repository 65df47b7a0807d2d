"""What mim reads of the models: files that exist, figures of the docs."""

from pathlib import Path

import pytest
import yaml
from mmengine.config import Config

ROOT = Path(__file__).parents[2]
PAGES = dict(
    shapes='README.md',
    ablations='README.md',
    clsclip_plus='docs/clsclip_plus.md',
    baselines='docs/results.md',
)
METAFILES = {
    Path(name).parent.name: yaml.safe_load((ROOT / name).read_text())
    for name in yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']
}
MODELS = {
    (folder, model['Name']): model
    for folder, metafile in METAFILES.items()
    for model in metafile['Models']
}
BOXES = dict(
    windows='`WindowProposals`, a 2 x 2 grid',
    self='`SelfProposals`',
    detector='`COCOResultsProposals`, a detector with errors',
)
BOXES['ground-truth'] = '`GroundTruthProposals`'


def row(page, first):
    """The cells after the first one of a table's row."""
    for line in (ROOT / page).read_text(encoding='utf-8').splitlines():
        cells = [cell.strip(' *') for cell in line.strip('|').split('|')]
        if cells[0] == first and line.startswith('|'):
            return cells[1:]
    raise AssertionError(f'{page} has no row {first}')


def documented(folder, name):
    """The metrics that the page has for a model, as texts."""
    fold, _, source = name.partition('_fold')[2].partition('_')
    if folder == 'baselines':
        title = next(
            c['Name']
            for c in METAFILES[folder]['Collections']
            if name.startswith(c['Name'].lower() + '_')
        )
        cells = row(PAGES[folder], f'{title}, training-free')
        return {'mIoU unseen': cells[int(fold)], 'mIoU unseen, mean of folds': cells[4]}
    if folder == 'clsclip_plus':
        _, unseen, small = row(PAGES[folder], BOXES[source or 'self'])
        return {
            'mIoU unseen, mean of folds': unseen,
            'mIoU unseen small, mean of folds': small,
        }
    if name.startswith('clsclip-gate'):
        seen, unseen, fb_iou, *_ = row('docs/presence.md', f'ClsCLIP-gate, fold {fold}')
        return {'mIoU seen': seen, 'mIoU unseen': unseen, 'FB-IoU': fb_iou}
    prefix = 'no navigation, ' if folder == 'ablations' else ''
    seen, unseen, fb_iou, whole = row(PAGES[folder], f'{prefix}fold {fold or 0}')
    if name.endswith('whole'):
        return {'mIoU whole': whole}
    return {'mIoU seen': seen, 'mIoU unseen': unseen, 'FB-IoU': fb_iou}


@pytest.mark.parametrize('folder, name', MODELS)
def test_a_model_is_its_config_with_the_figures_of_the_docs(folder, name):
    model = MODELS[folder, name]
    assert model['Config'] == f'configs/{folder}/{name}.py'
    cfg = Config.fromfile(ROOT / model['Config'])
    assert model['In Collection'] in [
        c['Name'] for c in METAFILES[folder]['Collections']
    ]
    fold = cfg.test_dataloader.dataset.get('dataset', dict()).get('fold', 0)
    data = model.get('Metadata', {})
    if cfg.get('train_dataloader') and data:
        assert data['Batch Size'] == cfg.train_dataloader.batch_size
        assert data['Iterations'] == cfg.train_cfg.max_iters
    if data:
        assert data['Training Data'].endswith(f'fold {fold}')
    if 'Weights' in model:
        assert (ROOT / model['Weights']).is_file()
        assert model['Weights'].endswith(f'_fold{fold}.pth')
    # ClsCLIP+'s means stand at the configs of fold 0.
    if 'Results' not in model:
        assert folder == 'clsclip_plus' and fold > 0
        return
    (result,) = model['Results']
    assert result['Dataset'] == 'Shapes-5i'
    assert {k: str(v) for k, v in result['Metrics'].items()} == documented(folder, name)


def test_names_are_unique_and_no_shipped_weights_are_forgotten():
    names = [name for _, name in MODELS]
    assert len(names) == len(set(names))
    weighted = {name for (_, name), model in MODELS.items() if 'Weights' in model}
    assert weighted == {
        path.stem
        for folder in ('shapes', 'clsclip_plus')
        for path in (ROOT / 'configs' / folder).glob('*shapes*.py')
    }
    assert {Path(m['Weights']).name for m in MODELS.values() if 'Weights' in m} == {
        path.name for path in (ROOT / 'mmseg_clsclip/assets').glob('*.pth')
    }
    listed = {
        path.name
        for path in (ROOT / 'configs').iterdir()
        if (path / 'metafile.yaml').is_file()
    }
    assert listed == set(METAFILES)
