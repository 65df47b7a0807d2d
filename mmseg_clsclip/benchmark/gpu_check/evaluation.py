"""What a whole evaluation takes, beside the model alone."""

import tempfile
from collections.abc import Iterator
from time import perf_counter

import torch
from mmengine.runner import Runner

from ...models.clip.pretrained import ASSETS
from ...utils.config_files import configs_folder
from ...utils.config_options import load_config
from ..timing import time_once
from .plan import Plan

# The one part whose weights are trained: they are shipped.
CONFIG = 'shapes/clsclip_shapes-5i_fold0.py'
CHECKPOINT = ASSETS / 'clsclip_shapes-5i_fold0.pth'


@torch.no_grad()
def time_evaluation(plan: Plan) -> Iterator[dict]:
    """Give the time of the loop of ``tools/test.py``, and of its parts alone."""
    options = {'test_dataloader.dataset.dataset.length': plan.scenes}
    cfg = load_config(configs_folder() / CONFIG, options)
    cfg.load_from = str(CHECKPOINT)
    with tempfile.TemporaryDirectory() as folder:
        cfg.work_dir = folder
        runner = Runner.from_cfg(cfg)
        runner.model.to(plan.device)  # mmengine chooses one itself
        figures = runner.test()  # what is made once is made here
        start = perf_counter()
        batches = list(runner.test_dataloader)
        reading = perf_counter() - start
        alone = sum(
            time_once(lambda batch=batch: runner.model.test_step(batch), plan.device)
            for batch in batches
        )
        whole = time_once(runner.test_loop.run, plan.device)
    yield dict(
        episodes=len(runner.test_dataloader.dataset),
        batch=runner.test_dataloader.batch_size,
        workers=runner.test_dataloader.num_workers,
        seconds=whole,
        model_seconds=alone,
        reading_seconds=reading,
        miou_seen=figures['miou_seen'],
        miou_unseen=figures['miou_unseen'],
    )
