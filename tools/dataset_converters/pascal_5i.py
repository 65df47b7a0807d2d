"""Prepare PASCAL-5i: see docs/protocols.md, or --help."""

from mmseg_clsclip.dataset_conversion.pascal_5i import main

if __name__ == '__main__':
    main()
