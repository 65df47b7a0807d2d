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
import sys

from mmseg_clsclip_cli.config_options import add_config_options
from mmseg_clsclip_cli.foreign_warnings import ignore_foreign_warnings
from mmseg_clsclip_cli.images import list_if_all_fail
from mmseg_clsclip_cli.model_files import checkpoint_file, config_file
from mmseg_clsclip_cli.number_types import count


def main(argv: list[str] | None = None) -> None:
    """Draw a sample, or measure scenes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('picture', nargs='?')
    parser.add_argument('--class', dest='name', metavar='NAME')
    parser.add_argument(
        '--config', type=config_file, help='default: the shipped ClsCLIP of fold 0'
    )
    parser.add_argument(
        '--checkpoint', type=checkpoint_file, help='default: the shipped one of fold 0'
    )
    parser.add_argument('--out', default='navigation.png', help='a PNG')
    parser.add_argument('--scenes', type=count, metavar='N')
    parser.add_argument('--device', default='cpu')
    add_config_options(parser)
    args = parser.parse_args(argv)
    if args.picture:
        if not args.name:
            sys.exit('visualize_navigation.py: Which class? Write --class NAME.')
        for reason in list_if_all_fail([args.picture]):
            sys.exit(f'visualize_navigation.py: {reason}')

    ignore_foreign_warnings()
    # Not before: these take seconds to import.
    from mmseg_clsclip import ClsCLIP
    from mmseg_clsclip.models.clip.loading import ASSETS
    from mmseg_clsclip.utils.checkpoint import load_strictly
    from mmseg_clsclip.utils.config_files import configs_folder
    from mmseg_clsclip.utils.config_options import load_config
    from mmseg_clsclip.visualization.navigation_views import (
        draw_sample,
        format_shares,
        pick_sample,
        view_scenes,
    )

    config = args.config or str(configs_folder() / 'shapes/clsclip_shapes-5i_fold0.py')
    checkpoint = args.checkpoint or str(ASSETS / 'clsclip_shapes-5i_fold0.pth')

    try:
        # After the package, without which mmcv-lite lacks what mmseg needs.
        from mmseg.apis import init_model

        cfg = load_config(config, args.cfg_options)
        model = init_model(cfg, device=args.device)
        load_strictly(model, checkpoint)
        if not isinstance(model, ClsCLIP):
            raise ValueError(
                f'{config} has a {type(model).__name__}; give the config of a ClsCLIP.'
            )
        if args.scenes:
            print(format_shares(view_scenes(model, cfg, args.scenes), model))
            return
        data = pick_sample(cfg, args.picture, args.name)
        draw_sample(model, data, args.out)
    except (OSError, ValueError) as error:
        sys.exit(f'visualize_navigation.py: {error}')
    sample = data['data_samples']
    print(f'Wrote {args.out}: {sample.class_name!r} in {sample.img_path}')


if __name__ == '__main__':
    main()
