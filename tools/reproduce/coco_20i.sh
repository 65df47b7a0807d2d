#!/usr/bin/env bash
# COCO-20i's column of the paper's table: see docs/paper_tables.md, or --help.
set -euo pipefail
NAME=coco_20i
USAGE=COCO
CONFIG=coco-20i-480x480
ITERATIONS=80000
PAPER=37.0 PAPER_PLUS=52.9
COCO='COCO 2014, pictures and "Train/Val annotations":
    https://cocodataset.org/#download'
# shellcheck source=tools/reproduce/_common.sh
. "$(dirname "$0")/_common.sh"
parse "$@"
ROOT=$FIRST
CONVERTER=tools/dataset_converters/coco_20i.py

# What training does with novel pixels decides which pictures it has.
HANDLING=drop_image
for option in ${OPTIONS[@]+"${OPTIONS[@]}"}; do
    case $option in
        train_dataloader.dataset.novel_handling=*) HANDLING=${option#*=} ;;
    esac
done

# list SPLIT FOLD
list() {
    if [ "$1" = train ] && [ "$HANDLING" != drop_image ]; then
        echo "$ROOT/lists/$1_fold$2_$HANDLING.txt"
    else
        echo "$ROOT/lists/$1_fold$2.txt"
    fi
}

data_options() {
    TRAIN_DATA=("train_dataloader.dataset.data_root=$ROOT"
        "train_dataloader.dataset.list_file=$(list train "$1")")
    TEST_DATA=("test_dataloader.dataset.data_root=$ROOT"
        "test_dataloader.dataset.list_file=$(list val "$1")")
}

# The folds that have no list of a split.
unlisted() {
    local fold
    for fold in "${FOLDS[@]}"; do
        [ -f "$(list "$1" "$fold")" ] || echo "$fold"
    done
}

for split in train val; do
    need "$ROOT/${split}2014" "$COCO"
    [ -z "$(unlisted $split)" ] ||
        need "$ROOT/annotations/instances_${split}2014.json" "$COCO"
done
check ls "$ROOT/val2014"
for split in train val; do
    folds=$(unlisted $split)
    masks=$ROOT/annotations/${split}2014
    [ -z "$folds" ] || run "$PYTHON" "$CONVERTER" masks --annotations \
        "$ROOT/annotations/instances_${split}2014.json" --out "$masks"
    handling=(--novel-handling "$HANDLING")
    [ "$split" = train ] && [ "$HANDLING" != drop_image ] || handling=()
    for fold in $folds; do
        run "$PYTHON" "$CONVERTER" lists --masks "$masks" --fold "$fold" \
            --split $split ${handling[@]+"${handling[@]}"} \
            --out "$(list $split "$fold")"
    done
done
reproduce
