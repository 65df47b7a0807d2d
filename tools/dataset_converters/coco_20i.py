"""Prepare COCO-20i: see docs/protocols.md, or --help."""

from mmseg_clsclip.dataset_conversion.coco_20i import main

if __name__ == '__main__':
    main()
