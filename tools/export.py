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

import numpy as np
import torch
from mmengine.config import Config, DictAction

import mmseg_clsclip  # noqa: F401  (what mmseg needs with mmcv-lite)
from mmseg_clsclip.apis.export import (
    FILES,
    PROGRAM,
    SEGMENTOR,
    PicturesToLogits,
    export_segmentor,
    export_text,
)
from mmseg_clsclip.models.segmentors.clip_segmentor import CLIPSegmentor
from mmseg_clsclip.utils.checkpoint import load_strictly
from mmseg_clsclip.utils.partial_files import part_folder, take_names

LARGEST = 1e-4  # difference of a logit that is let pass


def check_new(folder: Path, overwrite: bool) -> None:
    """Whether an export may be written to a folder.

    Raises:
        FileExistsError: If it holds an export and may not lose it.
    """
    there = [name for name in FILES if (folder / name).exists()]
    if there and not overwrite:
        raise FileExistsError(
            f'{folder} has {", ".join(there)} already. Give '
            'another folder, or --overwrite.'
        )


def compare(model: CLIPSegmentor, folder: Path) -> float:
    """The largest difference of a logit, printed for each size.

    Args:
        model (CLIPSegmentor): That was exported, on the CPU. Its
            vocabulary is made smaller.
        folder (Path): With the files.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(
        folder / SEGMENTOR, providers=['CPUExecutionProvider']
    )
    program = torch.export.load(folder / PROGRAM).module()
    encoder, preprocessor = model.text_encoder, model.data_preprocessor
    classes = list(encoder.synonyms.values())
    (ph, pw), (height, width) = (
        model.backbone.patch_size,
        model.backbone.visual.module.image_size,
    )
    worst = 0.0
    # From the whole vocabulary down; whole patches and others.
    for number, size in [
        (1, (height, 2 * width)),
        (2, (height + ph // 2, width - 1)),
        (1, (height, width)),
        (1, (ph + 1, 3 * pw)),
    ]:
        shape = (number, *size, 3)
        picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        picture = torch.from_numpy(picture)
        asked = encoder(device=model.clip_name.device)
        # The model's own way; mmseg's pictures are BGR.
        inputs = picture.permute(0, 3, 1, 2).flip(1)
        inputs = preprocessor(dict(inputs=[*inputs]))['inputs']
        with torch.no_grad():
            wanted = model.encode_decode(inputs, None)
            found = dict(
                onnx=session.run(
                    None, dict(picture=picture.numpy(), text=asked.numpy())
                )[0],
                pt2=program(picture, asked).numpy(),
            )
        there = {
            name: float(np.abs(logits - wanted.numpy()).max())
            for name, logits in found.items()
        }
        print(
            f'{number} x {size[0]} x {size[1]}, {len(asked)} classes: '
            f'off by at most {there["onnx"]:.1e} (ONNX Runtime), '
            f'{there["pt2"]:.1e} (torch.export)',
            flush=True,
        )
        worst = max(worst, *there.values())
        if len(asked) > 1:
            encoder.set_vocabulary(classes[: 3 if len(asked) > 3 else 1])
    return worst


def main(argv: list[str] | None = None) -> None:
    """Export, compare, and give the files their names."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    parser.add_argument('--out-dir', required=True, type=Path)
    parser.add_argument('--overwrite', action='store_true')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    args = parser.parse_args(argv)
    from mmseg.apis import init_model

    try:
        check_new(args.out_dir, args.overwrite)
        cfg = Config.fromfile(args.config)
        cfg.merge_from_dict(args.cfg_options or {})
        model = init_model(cfg, device='cpu')
        PicturesToLogits(model)  # refuses before it reads a checkpoint
        load_strictly(model, args.checkpoint)
        with part_folder(args.out_dir) as folder:
            export_segmentor(model, folder)
            export_text(model.text_encoder, folder)
            worst = compare(model, folder)
            if not worst <= LARGEST:  # or not a number
                raise ValueError(
                    f'The files are off by {worst:.1e}, more than '
                    f'{LARGEST:.0e}, and were not kept. The pins in '
                    'requirements/common.txt are known to do.'
                )
            # What a large model has beside FILES comes first.
            more = {path.name for path in folder.iterdir()} - {*FILES}
            paths = [args.out_dir / name for name in (*more, *FILES)]
            take_names(folder, paths)
            for path in paths:
                print(f'Wrote {path}')
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'export.py: {error}')


if __name__ == '__main__':
    main()
