"""Make COCO-20i's column of the paper's table: see docs/paper_tables.md, or --help."""

from mmseg_clsclip.reproduction.coco_20i import COCO20iColumn
from mmseg_clsclip.reproduction.stages import main

if __name__ == '__main__':
    main(COCO20iColumn)
