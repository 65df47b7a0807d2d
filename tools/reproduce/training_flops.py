"""Count the floating-point operations of a training step.

``python tools/reproduce/training_flops.py [CONFIG]``

One picture of noise at the size of the training crop goes forward and back
through the config's model with random weights, which changes no count; a
product and its sum are two operations. The texts are encoded before: it
happens once a run.
"""

import argparse

from mmseg_clsclip_cli.config_options import add_config_options
from mmseg_clsclip_cli.errors import told_plainly
from mmseg_clsclip_cli.model_files import config_file, measured_config


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'config',
        type=config_file,
        nargs='?',
        default=measured_config(),
        help="default: ClsCLIP's of PASCAL-5i, fold 0",
    )
    add_config_options(parser)
    args = parser.parse_args()

    # Not before: these take seconds to import.
    from mmseg_clsclip.benchmark.training import noise_loss
    from mmseg_clsclip.utils.complexity import count_flops
    from mmseg_clsclip.utils.config_options import load_config

    with told_plainly('training_flops.py'):
        cfg = load_config(args.config, args.cfg_options)
    size = cfg.data_preprocessor.size
    batch, steps = cfg.train_dataloader.batch_size, cfg.train_cfg.max_iters
    loss = noise_loss(cfg, 1)
    loss()  # the text is read once
    forward = count_flops(loss)
    total = count_flops(lambda: loss().backward())
    print(
        f'A picture of {size[0]} x {size[1]}: forward {forward / 1e9:.0f} '
        f'GFLOP, backward {(total - forward) / 1e9:.0f}.'
    )
    print(
        f'A step of {batch}: {batch * total / 1e12:.2f} TFLOP. {steps} '
        f'steps: {steps * batch * total / 1e15:.1f} PFLOP.'
    )


if __name__ == '__main__':
    main()
