"""Segment pictures by names, on a page in the browser.

``python tools/web_demo.py`` shows what is shipped beside MaskCLIP. Needs
gradio: ``pip install -e '.[web]'``.
"""

import argparse
import sys
from collections.abc import Sequence

from mmseg_clsclip_cli.config_options import add_config_options, add_model_options
from mmseg_clsclip_cli.errors import REQUEST_ERRORS, describe_setup_error
from mmseg_clsclip_cli.foreign_warnings import ignore_foreign_warnings
from mmseg_clsclip_cli.model_files import check_model_files
from mmseg_clsclip_cli.number_types import count, positive

# What compares with the shipped model; it trains nothing.
BASELINE_CONFIG = 'baselines/maskclip_shapes-5i_fold0.py'


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add_model_options(parser)
    add(
        '--baseline-config',
        help='compared with it, on the same --clip; default: MaskCLIP beside '
        'the shipped model, else nothing',
    )
    add('--baseline-checkpoint', help='of the baseline config')
    add('--device', help='default: the first accelerator, else cpu')
    add_config_options(parser, help='of --config')
    add('--port', type=count, help='default: the first free one from 7860')
    add(
        '--server-name',
        default='127.0.0.1',
        metavar='ADDRESS',
        help='0.0.0.0 lets other machines in (default: %(default)s)',
    )
    add(
        '--time-limit',
        type=positive,
        default=60,
        metavar='SECONDS',
        help='of a request; one is answered at a time (default: %(default)s)',
    )
    args = parser.parse_args(argv)
    if args.baseline_checkpoint and not args.baseline_config:
        parser.error('--baseline-checkpoint: give --baseline-config, too')
    try:
        check_model_files(args.config, args.checkpoint, args.clip)
        check_model_files(args.baseline_config, args.baseline_checkpoint, None)
    except REQUEST_ERRORS as error:
        sys.exit(f'web_demo.py: {describe_setup_error(error)}')
    return args


def main(argv: Sequence[str] | None = None) -> None:
    """Load the models and serve the page until it is stopped."""
    args = parse_args(argv)
    ignore_foreign_warnings()
    # Not before: these take seconds to import.
    from mmseg_clsclip import Predictor

    try:
        import gradio as gr
        from starlette.middleware import Middleware

        from mmseg_clsclip.apis import limits
        from mmseg_clsclip.apis.web import CSS, build_page
    except ImportError as error:
        sys.exit(
            f'web_demo.py: {error}. Gradio is not here, or too old: '
            "pip install -e '.[web]'"
        )

    baseline = args.baseline_config
    try:
        # A background can be left out on the page, not put in.
        predictors = [
            Predictor(
                args.config,
                args.checkpoint,
                args.clip,
                background=True,
                device=args.device,
                cfg_options=args.cfg_options,
            )
        ]
        if not baseline and predictors[0].shipped:
            baseline = BASELINE_CONFIG
        if baseline:
            predictors.append(
                Predictor(
                    baseline,
                    args.baseline_checkpoint,
                    args.clip,
                    background=True,
                    device=args.device,
                )
            )
        page = build_page(predictors, args.time_limit)
        _, url, _ = page.launch(
            share=False,
            server_name=args.server_name,
            server_port=args.port,
            ssr_mode=False,
            run_history=False,
            footer_links=[],
            quiet=True,
            prevent_thread_lock=True,
            max_file_size=limits.MAX_UPLOAD_BYTES,
            app_kwargs=dict(middleware=[Middleware(limits.BodyLimit)]),
            # Each keeps the logits of its last picture.
            state_session_capacity=16,
            css=CSS,
            theme=gr.themes.Default(
                font=['system-ui', 'sans-serif'], font_mono=['monospace']
            ),
        )
    except Exception as error:  # whatever a config and its model can raise
        sys.exit(f'web_demo.py: {describe_setup_error(error)}')
    print(f'The page is at {url}; Ctrl-C stops it.', flush=True)
    page.block_thread()


if __name__ == '__main__':
    main()
