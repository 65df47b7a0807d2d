"""An export that takes its names only if it gives what PyTorch's model gives."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..models.segmentors.clip_segmentor import CLIPSegmentor
from ..utils.partial_files import part_folder, take_names
from .export import (
    EMBEDDINGS,
    FILES,
    NAMES,
    PROGRAM,
    SEGMENTOR,
    TEXT_ENCODER,
    PicturesToLogits,
    TokensToText,
    export_segmentor,
    export_text,
)

try:
    import onnxruntime
except ImportError:
    onnxruntime = None

MAX_DIFFERENCE = 1e-4  # of a logit


def check_new(folder: Path, overwrite: bool) -> None:
    """Check that an export may be written to a folder.

    Raises:
        FileExistsError: If it holds an export and may not lose it.
    """
    existing = [name for name in FILES if (folder / name).exists()]
    if existing and not overwrite:
        raise FileExistsError(
            f'{folder} has {", ".join(existing)} already. Give '
            'another folder, or --overwrite.'
        )


def _model_logits(model: CLIPSegmentor, pictures: Tensor) -> np.ndarray:
    """Return logits (N, K, H, W) of pictures (N, H, W, 3), RGB, as mmseg has them."""
    inputs = pictures.permute(0, 3, 1, 2).flip(1)  # mmseg's pictures are BGR
    inputs = model.data_preprocessor(dict(inputs=[*inputs]))['inputs']
    return model.encode_decode(inputs, None).numpy()


@torch.no_grad()
def compare_files(model: CLIPSegmentor, folder: Path) -> float:
    """Return the largest difference of a logit, and print it for each size.

    Args:
        model (CLIPSegmentor): That was exported, on the CPU. Its
            vocabulary is made smaller.
        folder (Path): With the files.
    """
    session = onnxruntime.InferenceSession(
        folder / SEGMENTOR, providers=['CPUExecutionProvider']
    )
    program = torch.export.load(folder / PROGRAM).module()
    encoder = model.text_encoder
    classes = list(encoder.synonyms.values())
    patch_height, patch_width = model.backbone.patch_size
    height, width = model.backbone.visual.module.image_size
    largest = 0.0
    # From the whole vocabulary down; whole patches and others.
    for number, size in [
        (1, (height, 2 * width)),
        (2, (height + patch_height // 2, width - 1)),
        (1, (height, width)),
        (1, (patch_height + 1, 3 * patch_width)),
    ]:
        shape = (number, *size, 3)
        pictures = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        text = encoder(device=model.clip_name.device)
        logits = _model_logits(model, torch.from_numpy(pictures))
        (onnx_logits,) = session.run(None, dict(picture=pictures, text=text.numpy()))
        program_logits = program(torch.from_numpy(pictures), text).numpy()
        onnx, pt2 = (
            float(np.abs(other - logits).max())
            for other in (onnx_logits, program_logits)
        )
        print(
            f'{number} x {size[0]} x {size[1]}, {len(text)} classes: off by at '
            f'most {onnx:.1e} (ONNX Runtime), {pt2:.1e} (torch.export)',
            flush=True,
        )
        largest = float(np.max([largest, onnx, pt2]))  # NaN stays
        if len(text) > 1:
            encoder.set_vocabulary(classes[: 3 if len(text) > 3 else 1])
    return largest


def export_checked(model: CLIPSegmentor, folder: Path) -> list[Path]:
    """Write all files of a model, if they give what it gives.

    Each stage is named before it begins.

    Args:
        model (CLIPSegmentor): On the CPU. Its vocabulary is made smaller.
        folder (Path): Is made.

    Returns:
        list[Path]: What was written.

    Raises:
        ImportError: If ONNX Runtime is missing.
        ValueError: If the model cannot be exported, or the files differ.
    """
    # What cannot be is said before minutes have passed.
    if onnxruntime is None:
        raise ImportError(
            "ONNX Runtime compares the files: pip install -e '.[export]'."
        )
    PicturesToLogits(model)
    TokensToText(model.text_encoder)
    with part_folder(folder) as part:
        print(
            f'{SEGMENTOR} and {PROGRAM}: PyTorch reasons about sizes, which takes '
            'longest, minutes of a large model ...',
            flush=True,
        )
        export_segmentor(model, part)
        print(f'{TEXT_ENCODER}, {EMBEDDINGS} and {NAMES} ...', flush=True)
        export_text(model.text_encoder, part)
        print("They are compared with PyTorch's model ...", flush=True)
        difference = compare_files(model, part)
        if not difference <= MAX_DIFFERENCE:  # or not a number
            raise ValueError(
                f'The files are off by {difference:.1e}, more than '
                f'{MAX_DIFFERENCE:.0e}, and were not kept. Install the versions '
                'in requirements/common.txt, which are known to agree.'
            )
        # What a large model has beside FILES comes first.
        more = {path.name for path in part.iterdir()} - {*FILES}
        paths = [folder / name for name in (*more, *FILES)]
        take_names(part, paths)
    return paths
