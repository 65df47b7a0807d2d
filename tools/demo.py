"""Segment pictures by names; the same as the command ``clsclip``."""

from mmseg_clsclip_cli.command import main

if __name__ == '__main__':
    main()
