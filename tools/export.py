"""Write a model as files that run without mmseg: ONNX and torch.export.

``python tools/export.py CONFIG CHECKPOINT --out-dir DIR`` writes
segmentor.onnx and segmentor.pt2 (pictures and text embeddings to logits),
text_encoder.onnx (tokens to text embeddings), and the config's vocabulary as
text_embeddings.npy and names.json. What trains nothing has the CHECKPOINT
``none``. Before the files take their names they are compared with PyTorch's
model, by ONNX Runtime on the CPU and by torch.export, at several sizes and
numbers of classes.
"""

import argparse
import sys
from pathlib import Path

from mmseg_clsclip_cli.config_options import add_config_options
from mmseg_clsclip_cli.foreign_warnings import ignore_foreign_warnings
from mmseg_clsclip_cli.model_files import checkpoint_file, config_file


def main(argv: list[str] | None = None) -> None:
    """Export, compare, and give the files their names."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', type=config_file)
    parser.add_argument('checkpoint', type=checkpoint_file)
    parser.add_argument('--out-dir', required=True, type=Path)
    parser.add_argument('--overwrite', action='store_true')
    add_config_options(parser)
    args = parser.parse_args(argv)

    ignore_foreign_warnings()
    # Not before: these take seconds to import.
    from mmseg_clsclip.apis.checked_export import check_new, export_checked
    from mmseg_clsclip.apis.export import PicturesToLogits
    from mmseg_clsclip.utils.checkpoint import load_strictly
    from mmseg_clsclip.utils.config_options import load_config

    try:
        # After the package, without which mmcv-lite lacks what mmseg needs.
        from mmseg.apis import init_model

        check_new(args.out_dir, args.overwrite)
        cfg = load_config(args.config, args.cfg_options)
        model = init_model(cfg, device='cpu')
        PicturesToLogits(model)  # refuses before it reads a checkpoint
        load_strictly(model, args.checkpoint)
        for path in export_checked(model, args.out_dir):
            print(f'Wrote {path}')
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'export.py: {error}')


if __name__ == '__main__':
    main()
