"""Check a GPU in one command of less than ten minutes.

Measured are: the machine; whether the device gives the CPU's numbers, in
float32, TF32, bfloat16 and float16; how fast it multiplies matrices; what a
prediction costs by the number of names, beside its floor and the naive path; a
training step; an evaluation from end to end; zooming in; and a presence. Weights
are random, so nothing is fetched and no accuracy is meant.

The page is printed and written to --out as page.md, beside rows.json and
log.txt, part by part. A part that fails is told there, and the others go on;
the exit code is 1 then.
"""

import argparse
from pathlib import Path

from mmseg_clsclip_cli.errors import told_plainly
from mmseg_clsclip_cli.foreign_warnings import ignore_foreign_warnings
from mmseg_clsclip_cli.number_types import positive


def main(argv: list[str] | None = None) -> None:
    """Run the check.

    Raises:
        SystemExit: With the names of the parts that failed.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--device', help="default: mmengine's choice")
    parser.add_argument(
        '--tiny',
        action='store_true',
        help='a small CLIP and small pictures, to try the check itself on a CPU',
    )
    parser.add_argument(
        '--minutes', type=positive, default=9, help='for all parts; what is late fails'
    )
    parser.add_argument('--out', type=Path, default=Path('work_dirs/gpu_check'))
    args = parser.parse_args(argv)

    ignore_foreign_warnings()
    # Not before: these take seconds to import.
    from mmengine.device import get_device

    from mmseg_clsclip.benchmark.gpu_check.check import run_check
    from mmseg_clsclip.benchmark.gpu_check.plan import Plan, tiny_plan

    with told_plainly('gpu_check.py'):
        device = args.device or get_device()
        plan = tiny_plan(device) if args.tiny else Plan(device)
        failed = run_check(plan, args.out, args.minutes)
    if failed:
        raise SystemExit(f'\nFailed: {", ".join(failed)}.')


if __name__ == '__main__':
    main()
