"""Time ClsCLIP+ against ClsCLIP by the number of boxes in a picture.

One class is asked of one picture of noise, the plain way and with so many
boxes; the runs take turns, and the medians are printed as a Markdown table.
The whole picture takes part, as one more region, only where the config says
whole_picture='include'; with 'fallback' it is looked at where no box is.
"""

import argparse
from functools import partial

import torch
from benchmark import timed
from mmengine.config import Config, DictAction
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

import mmseg_clsclip
from mmseg_clsclip.proposals import BaseProposals
from mmseg_clsclip.utils.config_files import configs_folder


class FixedProposals(BaseProposals):
    """So many boxes of the class asked for, a third of the sides long."""

    number = 0

    def propose(self, inputs, data_samples, wanted, segment):
        """Spread over each picture."""
        found = []
        for picture, names in zip(inputs, wanted):
            size = torch.tensor(picture.shape[:0:-1])  # width, height
            corner = torch.rand(self.number, 2) * size * 2 / 3
            found.append(
                InstanceData(
                    bboxes=torch.cat([corner, corner + size / 3], 1),
                    scores=torch.ones(self.number),
                    names=[next(iter(names))] * self.number,
                )
            )
        return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'config',
        nargs='?',
        default=str(configs_folder() / 'clsclip_plus/clsclip-plus_shapes-5i_fold0.py'),
    )
    parser.add_argument('--boxes', type=int, nargs='+', default=[0, 1, 5, 20])
    parser.add_argument(
        '--size',
        type=int,
        nargs=2,
        default=[128, 128],
        help='height and width of the picture',
    )
    parser.add_argument('--repeat', type=int, default=20)
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    args = parser.parse_args()
    init_default_scope('mmseg')
    from mmseg.registry import MODELS
    from mmseg.structures import SegDataSample

    cfg = Config.fromfile(args.config)
    cfg.merge_from_dict(args.cfg_options or {})
    torch.manual_seed(0)
    cfg.model.proposals = FixedProposals(max_per_picture=None)
    zoom_in: mmseg_clsclip.ZoomIn = MODELS.build(cfg.model)
    zoom_in.eval().to(args.device)
    picture = torch.randint(0, 256, (3, *args.size), dtype=torch.uint8)
    name = zoom_in.module.text_encoder.names[0]

    def data(image, **meta) -> dict:
        sample = SegDataSample(
            metainfo=dict(class_name=name, ori_shape=tuple(args.size), **meta)
        )
        return dict(inputs=[image], data_samples=[sample])

    resized, meta = zoom_in.batcher.resize(picture.permute(1, 2, 0).numpy())
    resized = torch.from_numpy(resized).permute(2, 0, 1)

    def plus(boxes: int) -> None:
        zoom_in.proposals.number = boxes
        zoom_in.test_step(data(picture))

    ways = {'ClsCLIP': lambda: zoom_in.module.test_step(data(resized, **meta))}
    ways |= {f'ClsCLIP+, {n} boxes': partial(plus, n) for n in args.boxes}
    seconds = timed(ways, args.repeat, args.device)
    print('| | ms a picture | times ClsCLIP |\n|---|---|---|')
    for way, value in seconds.items():
        print(f'| {way} | {1000 * value:.1f} | {value / seconds["ClsCLIP"]:.2f} |')


if __name__ == '__main__':
    main()
