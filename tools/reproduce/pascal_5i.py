"""Make PASCAL-5i's column of the paper's table: see docs/paper_tables.md, or --help."""

from mmseg_clsclip.reproduction.pascal_5i import PASCAL5iColumn
from mmseg_clsclip.reproduction.stages import main

if __name__ == '__main__':
    main(PASCAL5iColumn)
