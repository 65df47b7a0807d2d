"""Where does the class token look? Attention, block by block, as a figure.

``python tools/visualize_navigation.py [PICTURE] --class NAME`` draws the
class token's attention over the patches, with the text and without, beside
the mask. Without a picture it is the first of the config's test set that
shows the class (by default the first unseen one), and the truth is known.
``--scenes N`` measures instead how much of the attention falls into the true
mask, over all classes in the first N pictures of the test set.
"""
import argparse
import sys
from itertools import groupby
from pathlib import Path

import mmcv
import torch
from mmengine.config import Config, DictAction
from mmengine.dataset import Compose, pseudo_collate
from mmseg.registry import DATASETS
from rich.progress import track

import mmseg_clsclip
from mmseg_clsclip.files import atomic_write
from mmseg_clsclip.visualization.navigation import (
    draw_navigation,
    navigation_maps,
    on_patches,
    share_inside,
)

ROOT = Path(__file__).parents[1]


def look(model: mmseg_clsclip.ClsCLIP, data: dict) -> dict:
    """Maps of a sample, and the shares inside if the truth is known.

    Args:
        model (ClsCLIP): On whatever device.
        data (dict): ``inputs`` and ``data_samples`` with a ``class_name``.

    Returns:
        dict: ``maps``, attention (B, h, w) with the text and without; with a
        truth ``truth`` (H, W), ``shares`` (2, B) and ``area``, the share that
        even attention would have.
    """
    sample, backbone = data['data_samples'], model.backbone
    inputs = model.data_preprocessor(pseudo_collate([data]))['inputs']
    text = model.text_encoder([sample.class_name], inputs.device)
    maps = [navigation_maps(backbone, inputs, t).cpu() for t in (text, None)]
    found = dict(maps=maps)
    if 'gt_sem_seg' in sample:
        found['truth'] = sample.gt_sem_seg.data[0]
        inside = on_patches(found['truth'], sample.img_shape[:2],
                            tuple(maps[0].shape[1:]), backbone.patch_size)
        found['shares'] = torch.stack([share_inside(m, inside) for m in maps])
        found['area'] = inside.mean().item()
    return found


def sample_of(args: argparse.Namespace, cfg: Config) -> dict:
    """The picture to draw, asked for its class.

    Raises:
        ValueError: If there is no such picture or no class is named.
    """
    if args.picture:
        if not args.name:
            raise ValueError('Which class? Write --class NAME.')
        steps = [step for step in cfg.test_dataloader.dataset.pipeline
                 if step['type'] != 'LoadAnnotations']
        return Compose(steps)(
            dict(img_path=args.picture, class_name=args.name))
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    wanted = [args.name] if args.name else dataset.metainfo['novel_classes']
    for index in range(len(dataset)):
        if dataset.get_data_info(index)['class_name'] in wanted:
            return dataset[index]
    raise ValueError(f'No picture of the test set shows {args.name}; give a '
                     'PICTURE.')


def draw(args: argparse.Namespace, cfg: Config, model) -> None:
    """Write the figure of one picture."""
    data = sample_of(args, cfg)
    found = look(model, data)
    result = model.test_step(pseudo_collate([data]))[0]
    name = data['data_samples'].class_name
    picture = mmcv.imfrombytes(
        Path(args.picture).read_bytes(), channel_order='rgb'
    ) if args.picture else mmcv.imread(result.img_path, channel_order='rgb')
    truth = found.get('truth')
    with atomic_write(args.out) as file:
        draw_navigation(
            picture, name, *(m.numpy() for m in found['maps']),
            result.pred_sem_seg.data[0].cpu().numpy(),
            None if truth is None else truth.numpy(),
            found.get('shares'), model.backbone.navigate_blocks, file)
    print(f'Wrote {args.out}: {name!r} in {result.img_path}')


def measure(args: argparse.Namespace, cfg: Config, model) -> None:
    """Print the mean shares, seen classes and unseen ones."""
    cfg.test_dataloader.dataset.test_classes = 'all'
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    every = range(len(dataset))
    scenes = [list(indices) for _, indices in groupby(
        every, lambda i: dataset.get_data_info(i)['img_path'])]
    rows = {'seen': [], 'unseen': []}
    for scene in track(scenes[:args.scenes], 'looking', transient=True):
        for index in scene:
            data = dataset[index]
            found = look(model, data)
            unseen = data['data_samples'].class_name in dataset.metainfo[
                'novel_classes']
            rows['unseen' if unseen else 'seen'].append(found)
    blocks = range(model.backbone.depth)
    print('| | ' + ' | '.join(
        f'block {i}' + ' *' * (i in model.backbone.navigate_blocks)
        for i in blocks) + ' | even |\n' + '|---' * (len(blocks) + 2) + '|')
    for group, found in rows.items():
        if not found:
            continue
        shares = 100 * torch.stack([f['shares'] for f in found]).mean(0)
        area = 100 * sum(f['area'] for f in found) / len(found)
        for row, words in zip(shares, ('text', 'visual [CLS]')):
            print(f'| {group} ({len(found)}), {words} | ' + ' | '.join(
                f'{value:.1f}' for value in row) + f' | {area:.1f} |')


def main(argv: list[str] | None = None) -> None:
    """Draw, or measure."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('picture', nargs='?')
    parser.add_argument('--class', dest='name', metavar='NAME')
    parser.add_argument('--config', default=str(
        ROOT / 'configs/shapes/clsclip_shapes-5i_fold0.py'))
    parser.add_argument('--checkpoint', default=str(
        ROOT / 'mmseg_clsclip/assets/clsclip_shapes-5i_fold0.pth'))
    parser.add_argument('--out', default='navigation.png')
    parser.add_argument('--scenes', type=int, metavar='N')
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    args = parser.parse_args(argv)
    from mmseg.apis import init_model
    cfg = Config.fromfile(args.config)
    cfg.merge_from_dict(args.cfg_options or {})
    model = init_model(cfg, args.checkpoint, device=args.device)
    try:
        (measure if args.scenes else draw)(args, cfg, model)
    except ValueError as error:
        sys.exit(f'visualize_navigation.py: {error}')


if __name__ == '__main__':
    main()
