"""Train the small CLIP of Shapes-5i on captions of its world.

It sees pictures with captions such as "a photo of a red ring and a blue
square", all twenty classes among them, and never a mask. Writes the weights,
and beside them a log with the seed, the settings and the naming accuracy.
"""

import argparse
import sys
from pathlib import Path

from mmseg_clsclip_cli.number_types import count, count_or_zero, positive


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', type=Path, help='default: what is shipped')
    parser.add_argument('--steps', type=count, default=8000)
    parser.add_argument('--batch-size', type=count, default=64)
    parser.add_argument('--lr', type=positive, default=1e-3)
    parser.add_argument('--seed', type=count_or_zero, default=0)
    args = parser.parse_args(argv)

    # Not before: these take seconds to import.
    import torch

    from mmseg_clsclip.experiments import small_clip
    from mmseg_clsclip.models.clip.loading import ASSETS

    out = args.out or ASSETS / 'shapes-clip.safetensors'

    torch.manual_seed(args.seed)
    model, tokenizer = small_clip.build()
    log = [dict(vars(args), out=out.name, torch=torch.__version__)]
    try:
        for line in small_clip.train(
            model, tokenizer, args.steps, args.batch_size, args.lr, args.seed
        ):
            log.append(line)
            print(line, flush=True)
    except ValueError as error:
        sys.exit(str(error))
    # At the end alone: by default it replaces what is shipped.
    small_clip.save(model, out, log)


if __name__ == '__main__':
    main()
