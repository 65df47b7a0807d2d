"""What does the text do in the tower? Attention, block by block, as a figure.

``python tools/visualize_navigation.py [PICTURE] --class NAME`` draws where the
class token looks and which patches listen to it, with the text and without
(CLIP's own [CLS]), beside the mask. Without a picture it is the first of the
config's test set that shows the class, by default the first unseen one, and
the truth is known. ``--scenes N`` measures instead which share of the
attention falls into the true mask, over all classes in the first N pictures
of the test set.
"""

import argparse
import random
import sys
from itertools import groupby

import mmcv
import torch
from mmengine.config import Config, DictAction
from mmengine.dataset import Compose, pseudo_collate
from mmseg.registry import DATASETS
from rich.progress import track

import mmseg_clsclip
from mmseg_clsclip import EpisodeDataset
from mmseg_clsclip.models.clip.loading import ASSETS
from mmseg_clsclip.utils.checkpoint import load_strictly
from mmseg_clsclip.utils.config_files import configs_folder
from mmseg_clsclip.utils.files import atomic_write
from mmseg_clsclip.utils.messages import first_few
from mmseg_clsclip.visualization.navigation import (
    DIRECTIONS,
    draw_navigation,
    navigation_maps,
    on_patches,
    share_inside,
)

OWN, ANOTHER, VISUAL = 'its text', "another class's text", 'visual [CLS]'


def look(
    model: mmseg_clsclip.ClsCLIP, data: dict, names: dict[str, str | None]
) -> dict:
    """Maps of a sample, and the shares inside if the truth is known.

    Args:
        model (ClsCLIP): On whatever device.
        data (dict): ``inputs`` and ``data_samples``.
        names (dict[str, str | None]): The class whose text navigates, by
            what to call it; None for the visual [CLS].

    Returns:
        dict: ``maps``, attention (rows, B, h, w), and ``rows``, what to call
        them; with a truth ``truth`` (H, W), ``shares`` (rows, B) and
        ``area``, the share that even attention would have.
    """
    sample, backbone = data['data_samples'], model.backbone
    inputs = model.data_preprocessor(pseudo_collate([data]))['inputs']
    texts = [
        name and model.text_encoder([name], inputs.device) for name in names.values()
    ]
    maps = (
        torch.stack([navigation_maps(backbone, inputs, text) for text in texts], dim=1)
        .flatten(0, 1)
        .cpu()
    )
    found = dict(
        maps=maps,
        rows=[f'{direction},\n{words}' for direction in DIRECTIONS for words in names],
    )
    if 'gt_sem_seg' in sample:
        found['truth'] = sample.gt_sem_seg.data[0]
        inside = on_patches(
            found['truth'],
            sample.img_shape[:2],
            tuple(maps.shape[2:]),
            backbone.patch_size,
        )
        found['shares'] = share_inside(maps, inside)
        found['area'] = inside.mean().item()
    return found


def episodes_of(cfg: Config) -> EpisodeDataset:
    """The test set, which must ask class by class.

    Raises:
        ValueError: If it does not.
    """
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    if not isinstance(dataset, EpisodeDataset):
        raise ValueError(
            'The test set of the config asks for all classes at '
            'once; give a config of episodes, or a PICTURE and '
            '--class NAME.'
        )
    return dataset


def sample_of(args: argparse.Namespace, cfg: Config) -> dict:
    """The picture to draw, asked for its class.

    Raises:
        ValueError: If there is no such picture or no class is named.
    """
    if args.picture:
        if not args.name:
            raise ValueError('Which class? Write --class NAME.')
        data = Compose(
            [
                step
                for step in cfg.test_dataloader.dataset.pipeline
                if step['type'] != 'LoadAnnotations'
            ]
        )(dict(img_path=args.picture))
        data['data_samples'].set_metainfo(dict(class_name=args.name))
        return data
    dataset = episodes_of(cfg)
    wanted = [args.name] if args.name else dataset.metainfo['novel_classes']
    for index in range(len(dataset)):
        if dataset.get_data_info(index)['class_name'] in wanted:
            return dataset[index]
    raise ValueError(
        f'No sample of the test set asks for {first_few(wanted)}; give a PICTURE.'
    )


def draw(args: argparse.Namespace, cfg: Config, model) -> None:
    """Write the figure of one picture."""
    data = sample_of(args, cfg)
    name = data['data_samples'].class_name
    found = look(model, data, {OWN: name, VISUAL: None})
    result = model.test_step(pseudo_collate([data]))[0]
    truth = found.get('truth')
    with atomic_write(args.out) as file:
        draw_navigation(
            mmcv.imread(result.img_path, channel_order='rgb'),
            name,
            dict(zip(found['rows'], found['maps'].numpy())),
            result.pred_sem_seg.data[0].cpu().numpy(),
            None if truth is None else truth.numpy(),
            found.get('shares'),
            model.backbone.navigate_blocks,
            file,
        )
    print(f'Wrote {args.out}: {name!r} in {result.img_path}')


def measure(args: argparse.Namespace, cfg: Config, model) -> None:
    """Print the mean shares, seen classes and unseen ones."""
    given = cfg.test_dataloader.dataset
    if issubclass(DATASETS.get(given.type), EpisodeDataset):
        given.test_classes = 'all'
    dataset = episodes_of(cfg)
    novel = dataset.metainfo['novel_classes']
    classes = dataset.base_classes + tuple(novel)
    infos = map(dataset.get_data_info, range(len(dataset)))
    scenes = [list(scene) for _, scene in groupby(infos, lambda info: info['img_path'])]
    groups, rng = {'seen': [], 'unseen': []}, random.Random(0)
    for scene in track(scenes[: args.scenes], 'looking', transient=True):
        there = [info['class_name'] for info in scene]
        for info, name in zip(scene, there):
            another = rng.choice([c for c in classes if c not in there] or classes)
            found = look(
                model,
                dataset[info['sample_idx']],
                {OWN: name, ANOTHER: another, VISUAL: None},
            )
            groups['unseen' if name in novel else 'seen'].append(found)
    blocks = range(model.backbone.depth)
    marks = [' *' * (i in model.backbone.navigate_blocks) for i in blocks]
    heads = [f'block {i}{mark}' for i, mark in zip(blocks, marks)]
    print(
        f'| per cent inside | {" | ".join(heads)} | even |\n'
        + '|---' * (len(blocks) + 2)
        + '|'
    )
    for group, found in groups.items():
        if not found:
            continue
        shares = 100 * torch.stack([f['shares'] for f in found]).mean(0)
        area = 100 * sum(f['area'] for f in found) / len(found)
        for words, row in zip(found[0]['rows'], shares.tolist()):
            words = f'{group} ({len(found)}): ' + words.replace('\n', ' ')
            print(
                '| '
                + ' | '.join([words, *(f'{value:.1f}' for value in [*row, area])])
                + ' |'
            )


def main(argv: list[str] | None = None) -> None:
    """Draw, or measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('picture', nargs='?')
    parser.add_argument('--class', dest='name', metavar='NAME')
    parser.add_argument(
        '--config', default=str(configs_folder() / 'shapes/clsclip_shapes-5i_fold0.py')
    )
    parser.add_argument(
        '--checkpoint', default=str(ASSETS / 'clsclip_shapes-5i_fold0.pth')
    )
    parser.add_argument('--out', default='navigation.png', help='a PNG')
    parser.add_argument('--scenes', type=int, metavar='N')
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    args = parser.parse_args(argv)
    from mmseg.apis import init_model

    try:
        cfg = Config.fromfile(args.config)
        cfg.merge_from_dict(args.cfg_options or {})
        model = init_model(cfg, device=args.device)
        load_strictly(model, args.checkpoint)
        if not isinstance(model, mmseg_clsclip.ClsCLIP):
            raise ValueError(
                f'{args.config} has a {type(model).__name__}; '
                'give the config of a ClsCLIP.'
            )
        (measure if args.scenes else draw)(args, cfg, model)
    except (OSError, ValueError) as error:
        sys.exit(f'visualize_navigation.py: {error}')


if __name__ == '__main__':
    main()
