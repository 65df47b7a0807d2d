"""The small CLIP of Shapes-5i and its training on captions."""

import json
import math
import time
from collections.abc import Iterator
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

from ..datasets.shapes_world import CLASSES, draw, visible_classes
from ..models.clip.loading import ASSETS
from ..utils.files import atomic_write

LOG_INTERVAL = 250  # steps
PHRASES = ('{}', 'a {}', 'a photo of a {}', 'a picture of a {}')
MIN_AREA = 48  # pixels of 128 x 128; fewer are not spoken of


class CaptionedScenes(Dataset):
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
    """Bring pictures (N, 3, H, W) uint8 to CLIP's own mean and deviation."""
    return normalize(
        pictures.float() / 255,
        open_clip.OPENAI_DATASET_MEAN,
        open_clip.OPENAI_DATASET_STD,
    )


def caption(shown: np.ndarray, rng: np.random.RandomState) -> str:
    """Name the shown classes (20,) in a sentence, in some order."""
    names = [CLASSES[k] for k in rng.permutation(np.flatnonzero(shown))]
    return PHRASES[rng.randint(len(PHRASES))].format(' and a '.join(names))


def contrastive_loss(
    image: Tensor, text: Tensor, scale: Tensor, shown: Tensor
) -> Tensor:
    """Return CLIP's loss; pairs that show the same classes are all positives.

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
    """Return the share of single-object pictures named right, in per cent.

    The pictures are the split 'name', which training never sees; the name is
    the nearest of the twenty, without a template.
    """
    model.eval()
    text = model.encode_text(tokenizer(list(CLASSES)), normalize=True)
    right = 0
    data = CaptionedScenes('name', number, seed, max_objects=1)
    for pictures, shown in DataLoader(data, 200):
        image = model.encode_image(normalise(pictures), normalize=True)
        right += (image @ text.T).argmax(1).eq(shown.int().argmax(1)).sum()
    model.train()
    return 100 * float(right) / number


def build() -> tuple[open_clip.CLIP, open_clip.SimpleTokenizer]:
    """Build the small CLIP, with random weights, and its tokenizer."""
    merges = str(ASSETS / 'shapes-bpe.txt.gz')
    return (
        open_clip.create_model('shapes-clip'),
        open_clip.SimpleTokenizer(merges, context_length=20),
    )


def train(
    model: open_clip.CLIP,
    tokenizer: open_clip.SimpleTokenizer,
    steps: int,
    batch_size: int,
    lr: float,
    seed: int,
) -> Iterator[dict]:
    """Train a CLIP in place.

    Yields:
        dict: A line of the log, every 250 steps and at the end.

    Raises:
        ValueError: If the loss is not finite.
    """
    rng = np.random.RandomState(seed)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr, betas=(0.9, 0.98), weight_decay=0.05
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps, pct_start=0.1)
    data = CaptionedScenes('caption', steps * batch_size, seed, max_objects=3)
    loader = DataLoader(data, batch_size, num_workers=1)
    start = time.time()
    for step, (pictures, shown) in enumerate(
        track(loader, 'training the small CLIP'), start=1
    ):
        texts = tokenizer([caption(classes, rng) for classes in shown.numpy()])
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
        if step % LOG_INTERVAL and step < steps:
            continue
        yield dict(
            step=step,
            loss=round(loss.item(), 3),
            naming_accuracy=naming_accuracy(
                model, tokenizer, seed, 2000 if step == steps else 400
            ),
            minutes=round((time.time() - start) / 60, 1),
        )
        if not math.isfinite(loss.item()):
            raise ValueError('The loss is not finite; lower the learning rate.')


def save(model: open_clip.CLIP, path: Path, log: list[dict]) -> None:
    """Write weights as safetensors, and the log as JSON lines beside them."""
    with atomic_write(path) as file:
        file.write(to_bytes(model.state_dict(), dict(quick_gelu='false')))
    with atomic_write(path.with_suffix('.log.jsonl')) as file:
        file.write(''.join(json.dumps(row) + '\n' for row in log).encode())
