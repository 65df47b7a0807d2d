#!/usr/bin/env bash
# PASCAL-5i's column of the paper's table: see docs/paper_tables.md, or --help.
set -euo pipefail
NAME=pascal_5i
USAGE='VOC2012 [SBD]'
CONFIG=pascal-5i-480x480
ITERATIONS=15000
PAPER=56.4 PAPER_PLUS=71.5
VOC='VOC 2012, VOCtrainval_11-May-2012.tar:
    http://host.robots.ox.ac.uk/pascal/VOC/voc2012/'
SBD_PAGE="SBD's cls/ and train_noval.txt in one folder, given after VOC2012:
    http://home.bharathh.info/pubs/codes/SBD/download.html"
# shellcheck source=tools/reproduce/_common.sh
. "$(dirname "$0")/_common.sh"
parse "$@"
ROOT=$FIRST
SBD=${SECOND:-SBD}
IDS=$ROOT/ImageSets/Segmentation
MASKS=$ROOT/SegmentationClassAug
CONVERTER=tools/dataset_converters/pascal_5i.py

data_options() {
    TRAIN_DATA=("train_dataloader.dataset.data_root=$ROOT"
        train_dataloader.dataset.ann_file=ImageSets/Segmentation/train_5i.txt)
    TEST_DATA=("test_dataloader.dataset.data_root=$ROOT")
}

# Whether a picture of the lists has no mask.
lack_masks() {
    local name
    while read -r name _; do
        [ -f "$MASKS/$name.png" ] || return 0
    done < <(cat "$@" 2>/dev/null)
    return 1
}

for part in JPEGImages ImageSets/Segmentation/{train,val}.txt; do
    need "$ROOT/$part" "$VOC"
done
make_ids='' make_masks=''
if [ ! -f "$IDS/train_5i.txt" ]; then
    make_ids=yes
    need "$SBD/train_noval.txt" "$SBD_PAGE"
fi
if [ ! -d "$MASKS" ] || lack_masks "$IDS"/{train,val,train_5i}.txt \
    ${make_ids:+"$SBD/train_noval.txt"}; then
    make_masks=yes
    need "$ROOT/SegmentationClass" "$VOC"
    need "$SBD/cls" "$SBD_PAGE"
fi
check cat "$IDS/val.txt"
[ -z "$make_ids" ] || run "$PYTHON" "$CONVERTER" ids --voc "$ROOT" \
    --sbd "$SBD/train_noval.txt" --out "$IDS/train_5i.txt"
[ -z "$make_masks" ] || run "$PYTHON" "$CONVERTER" masks \
    --voc "$ROOT/SegmentationClass" --sbd "$SBD/cls" --out "$MASKS"
reproduce
