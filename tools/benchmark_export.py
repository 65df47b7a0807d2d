"""Time an exported model beside PyTorch's on the CPU, in float32 and in int8.

The segmentor is exported to ONNX, and its matrix products are rounded to 8 bits
by ONNX Runtime's dynamic quantization. PyTorch and both files take turns, with
as many threads, on one picture; medians are printed, of processor time where
the machine is busy. How far the logits are from PyTorch's is said for each.

With CHECKPOINT labels are compared, too, and with the truth: of --pictures of
the config's test data, asked for its vocabulary. Without, weights are random:
they change no time, and a picture of noise is asked for --classes made-up
names.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from mmseg_clsclip_cli.config_options import add_config_options
from mmseg_clsclip_cli.foreign_warnings import ignore_foreign_warnings
from mmseg_clsclip_cli.model_files import checkpoint_file, config_file
from mmseg_clsclip_cli.number_types import count


def main(argv: list[str] | None = None) -> None:
    """Export, time, compare, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', type=config_file)
    parser.add_argument('checkpoint', type=checkpoint_file, nargs='?')
    parser.add_argument(
        '--pictures', type=count, default=200, help='of the test data (default: 200)'
    )
    parser.add_argument(
        '--size',
        type=count,
        default=224,
        help='of the square picture of noise, in pixels (default: 224)',
    )
    parser.add_argument('--classes', type=count, default=20, help='default: 20')
    parser.add_argument('--repeat', type=count, default=5)
    add_config_options(parser)
    args = parser.parse_args(argv)

    ignore_foreign_warnings()
    # Not before: these take seconds to import.
    import torch

    from mmseg_clsclip.benchmark.exported import (
        Exported,
        format_rows,
        iter_test_pictures,
    )
    from mmseg_clsclip.benchmark.random_models import Workload
    from mmseg_clsclip.utils.checkpoint import load_strictly
    from mmseg_clsclip.utils.config_options import load_config

    try:
        # After the package, without which mmcv-lite lacks what mmseg needs.
        from mmseg.apis import init_model

        if args.checkpoint:
            cfg = load_config(args.config, args.cfg_options)
            model = init_model(cfg, device='cpu')
            load_strictly(model, args.checkpoint)
            pictures = list(iter_test_pictures(cfg, args.pictures))
        else:
            options = args.cfg_options or {}
            model = Workload(args.config, options, args.classes).build()
            shape = 1, args.size, args.size, 3
            pictures = [(torch.randint(256, shape, dtype=torch.uint8), None)]
        print('Exporting ...', flush=True)
        with tempfile.TemporaryDirectory() as folder:
            exported = Exported(model, Path(folder))
            print('Timing ...', flush=True)
            timing = exported.time(pictures[0][0], args.repeat)
            print('Comparing ...', flush=True)
            rows = exported.compare(pictures)
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'benchmark_export.py: {error}')
    _, height, width, _ = pictures[0][0].shape
    print(
        f'\n{height} x {width} pixels, {len(exported.text)} classes, '
        f'{torch.get_num_threads()} threads, medians of {args.repeat}; '
        f'{timing.note()}; {len(pictures)} pictures compared'
        f'{"" if args.checkpoint else "; random weights"}\n'
    )
    print(format_rows(exported, timing, rows))


if __name__ == '__main__':
    main()
