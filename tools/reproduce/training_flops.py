"""Count the floating-point operations of a training step.

``python tools/reproduce/training_flops.py [CONFIG]``

One picture of noise at the size of the training crop goes forward and back
through the config's model with random weights, which changes no count; a
product and its sum are two operations. The texts are encoded before: it
happens once a run.
"""

import argparse

from mmseg_clsclip_cli.config_options import add_config_options


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'config', nargs='?', help="default: ClsCLIP's of PASCAL-5i, fold 0"
    )
    add_config_options(parser)
    args = parser.parse_args()

    # Not before: these take seconds to import.
    import torch
    from mmengine.registry import init_default_scope
    from mmengine.structures import PixelData

    from mmseg_clsclip.utils.complexity import count_flops
    from mmseg_clsclip.utils.config_files import configs_folder
    from mmseg_clsclip.utils.config_options import load_config

    config = args.config or str(
        configs_folder() / 'clsclip/clsclip_vit-b16_pascal-5i-480x480_fold0.py'
    )

    init_default_scope('mmseg')
    from mmseg.registry import MODELS
    from mmseg.structures import SegDataSample

    cfg = load_config(config, args.cfg_options)
    cfg.model.backbone.pretrained = None
    size = cfg.data_preprocessor.size
    batch = cfg.train_dataloader.batch_size
    steps = cfg.train_cfg.max_iters
    model = MODELS.build(cfg.model).train()
    names = model.text_encoder.names[:1]
    model.text_encoder(names)
    sample = SegDataSample(
        metainfo=dict(class_name=names[0]),
        gt_sem_seg=PixelData(data=torch.randint(0, 2, (1, *size))),
    )
    picture = torch.randn(1, 3, *size)

    def loss() -> torch.Tensor:
        losses = model.loss(picture, [sample])
        return sum(v for k, v in losses.items() if 'loss' in k)

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
