"""Train the small CLIP of Shapes-5i on captions of its world.

It sees pictures with captions such as "a photo of a red ring and a blue
square", all twenty classes among them, and never a mask. Writes the weights,
and beside them a log with the seed, the settings and the naming accuracy.
"""

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import open_clip
import torch
import torch.nn.functional as F
from rich.progress import track
from safetensors.torch import save as to_bytes
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms.functional import normalize

from mmseg_clsclip.datasets.shapes_world import CLASSES, draw, visible_classes
from mmseg_clsclip.models.clip.loading import ASSETS
from mmseg_clsclip.utils.files import atomic_write

PHRASES = ('{}', 'a {}', 'a photo of a {}', 'a picture of a {}')
MIN_AREA = 48  # pixels of 128 x 128; fewer are not spoken of


class Captions(Dataset):
    """Pictures (3, 64, 64) uint8 with the labels (20,) bool they show."""

    def __init__(self, split: str, length: int, seed: int, max_objects: int):
        self.split, self.length = split, length
        self.seed, self.max_objects = seed, max_objects

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int):
        scene = draw(index, self.split, self.seed, self.max_objects)
        shown = np.zeros(len(CLASSES), dtype=bool)
        shown[[k - 1 for k in visible_classes(scene.labels, MIN_AREA)]] = True
        # Halved by 2 x 2 means, which is what bilinear resizing gives.
        small = scene.picture.reshape(64, 2, 64, 2, 3).mean((1, 3))
        return torch.from_numpy(small).permute(2, 0, 1).round().byte(), shown


def normalise(pictures: Tensor) -> Tensor:
    """Pictures (N, 3, H, W) uint8 to CLIP's own mean and deviation."""
    return normalize(
        pictures.float() / 255,
        open_clip.OPENAI_DATASET_MEAN,
        open_clip.OPENAI_DATASET_STD,
    )


def caption(shown: np.ndarray, rng: np.random.RandomState) -> str:
    """A sentence that names the shown classes in some order."""
    names = [CLASSES[k] for k in rng.permutation(np.flatnonzero(shown))]
    return PHRASES[rng.randint(len(PHRASES))].format(' and a '.join(names))


def contrastive_loss(
    image: Tensor, text: Tensor, scale: Tensor, shown: Tensor
) -> Tensor:
    """CLIP's loss; pairs that show the same classes are all positives.

    Args:
        image (Tensor): (N, D), normalised.
        text (Tensor): (N, D), normalised.
        scale (Tensor): Scalar, the inverse temperature.
        shown (Tensor): (N, 20) float, which classes each sample shows.
    """
    logits = scale * image @ text.T
    same = (torch.cdist(shown, shown, p=1) < 0.5).float()
    target = same / same.sum(1, keepdim=True)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


@torch.no_grad()
def naming_accuracy(model, tokenizer, seed: int, number: int) -> float:
    """Share of single-object pictures that get their right name, in per cent.

    The pictures are the split 'name', which training never sees; the name is
    the nearest of the twenty, without a template.
    """
    model.eval()
    text = model.encode_text(tokenizer(list(CLASSES)), normalize=True)
    right = 0
    data = Captions('name', number, seed, max_objects=1)
    for pictures, shown in DataLoader(data, 200):
        image = model.encode_image(normalise(pictures), normalize=True)
        right += (image @ text.T).argmax(1).eq(shown.int().argmax(1)).sum()
    model.train()
    return 100 * float(right) / number


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', type=Path, default=ASSETS / 'shapes-clip.safetensors')
    parser.add_argument('--steps', type=int, default=8000)
    parser.add_argument('--batch-size', type=int, default=64)
    parser.add_argument('--lr', type=float, default=1e-3)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    rng = np.random.RandomState(args.seed)
    model, tokenizer = (
        open_clip.create_model('shapes-clip'),
        open_clip.SimpleTokenizer(str(ASSETS / 'shapes-bpe.txt.gz'), context_length=20),
    )
    optimizer = torch.optim.AdamW(
        model.parameters(), args.lr, betas=(0.9, 0.98), weight_decay=0.05
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, args.lr, args.steps, pct_start=0.1
    )
    data = Captions('caption', args.steps * args.batch_size, args.seed, 3)
    loader = DataLoader(data, args.batch_size, num_workers=1)

    log = [dict(vars(args), out=args.out.name, torch=torch.__version__)]
    start = time.time()
    for step, (pictures, shown) in enumerate(
        track(loader, 'training the small CLIP'), start=1
    ):
        texts = tokenizer([caption(s, rng) for s in shown.numpy()])
        loss = contrastive_loss(
            model.encode_image(normalise(pictures), normalize=True),
            model.encode_text(texts, normalize=True),
            model.logit_scale.exp().clamp(max=100),
            shown.float(),
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 250 == 0 or step == args.steps:
            log.append(
                dict(
                    step=step,
                    loss=round(loss.item(), 3),
                    naming_accuracy=naming_accuracy(
                        model, tokenizer, args.seed, 2000 if step == args.steps else 400
                    ),
                    minutes=round((time.time() - start) / 60, 1),
                )
            )
            print(log[-1], flush=True)
            if not math.isfinite(loss.item()):
                raise SystemExit('The loss is not finite; lower --lr.')
    # At the end alone: by default it replaces what is shipped.
    save(model, args.out, log)


def save(model, path: Path, log: list) -> None:
    """Weights as safetensors, and the log as JSON lines beside them."""
    with atomic_write(path) as file:
        file.write(to_bytes(model.state_dict(), dict(quick_gelu='false')))
    with atomic_write(path.with_suffix('.log.jsonl')) as file:
        file.write(''.join(json.dumps(row) + '\n' for row in log).encode())


if __name__ == '__main__':
    main()
