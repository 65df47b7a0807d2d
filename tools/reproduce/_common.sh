# shellcheck shell=bash disable=SC2034,SC2153
# What the scripts of the paper's tables share; they set the names in capitals
# that are not set here (so shellcheck's two rules are off), and source this.
# PYTHON is the interpreter, "python" by default; PORT is as in
# tools/dist_train.sh.
PYTHON=${PYTHON:-python}
export PYTHON PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
BATCH=8 # of the configs, in all processes together
GPUS=1
FOLDS=(0 1 2 3)
OUT=work_dirs/$NAME
WEIGHTS='' DETECTIONS='' DRY_RUN='' INCOMPLETE=''
OPTIONS=() DETECTOR_OPTIONS=() VALUES=()
VIT=https://openaipublic.azureedge.net/clip/models/5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f/ViT-B-16.pt

usage() {
    cat <<EOF
Usage: tools/reproduce/$NAME.sh $USAGE --weights FILE [options]
  --weights FILE     OpenAI's CLIP ViT-B/16; "openai" has open_clip fetch it,
                     "None" is random, to try the script
  --detections FILE  a detector's boxes in COCO's format, for ClsCLIP+
  --detector-options KEY=VALUE ...
                     of COCOResultsProposals, such as categories=coco80
  --gpus N           processes, one a GPU, that share a batch of $BATCH; now $GPUS
  --folds N ...      now ${FOLDS[*]}
  --out FOLDER       now $OUT
  --iterations N     now $ITERATIONS
  --cfg-options KEY=VALUE ...
                     of configs/clsclip/; all but training holds for ClsCLIP+
  --dry-run          print the commands and run none
EOF
}

die() {
    echo "$NAME.sh: $*" >&2
    exit 2
}

# The values of the option $1, up to the next option, into VALUES.
values() {
    local option=$1
    VALUES=()
    while [ $# -gt 1 ] && [ "${2#--}" = "$2" ]; do
        VALUES+=("$2")
        shift
    done
    [ ${#VALUES[@]} -gt 0 ] || die "$option needs a value."
}

# Read the command line; folders go to FIRST and SECOND.
parse() {
    local fold folder folders=()
    [ -d configs/clsclip ] || die 'run it where configs/ and tools/ are.'
    while [ $# -gt 0 ]; do
        VALUES=()
        case $1 in
            --weights) values "$@" && WEIGHTS=${VALUES[0]} ;;
            --detections) values "$@" && DETECTIONS=${VALUES[0]} ;;
            --detector-options)
                values "$@" && DETECTOR_OPTIONS=("${VALUES[@]}") ;;
            --gpus) values "$@" && GPUS=${VALUES[0]} ;;
            --folds) values "$@" && FOLDS=("${VALUES[@]}") ;;
            --out) values "$@" && OUT=${VALUES[0]} ;;
            --iterations) values "$@" && ITERATIONS=${VALUES[0]} ;;
            --cfg-options) values "$@" && OPTIONS=("${VALUES[@]}") ;;
            --dry-run) DRY_RUN=yes ;;
            -h | --help) usage && exit ;;
            -*) die "there is no option $1; --help lists them." ;;
            *) folders+=("$1") ;;
        esac
        shift $((1 + ${#VALUES[@]}))
    done
    [ ${#folders[@]} -gt 0 ] || die "where is the data set? $USAGE"
    [ ${#folders[@]} -le "$(wc -w <<<"$USAGE")" ] ||
        die "${folders[*]}: only $USAGE comes before the options."
    [ -n "$WEIGHTS" ] || die '--weights is missing; --help lists what it takes.'
    FIRST=${folders[0]} SECOND=${folders[1]-}
    for folder in "$FIRST" "$WEIGHTS" "$DETECTIONS"; do
        [[ $folder != *[[:space:]]* ]] || die "$folder: mmengine takes blanks \
out of --cfg-options; make a link to it whose path has none."
    done
    case $GPUS in
        1 | 2 | 4 | 8) ;;
        *) die "--gpus $GPUS: 1, 2, 4 or 8, which share a batch of $BATCH." ;;
    esac
    for fold in "${FOLDS[@]}"; do
        [[ $fold == [0-3] ]] || die "--folds ${FOLDS[*]}: some of 0 1 2 3."
    done
    [[ $ITERATIONS =~ ^[1-9][0-9]*$ ]] ||
        die "--iterations $ITERATIONS: a whole number above 0."
    [ "${NNODES:-1}" = 1 ] ||
        die "NNODES=$NNODES: the script is for one machine. Give each a fold,
    --folds 0 and so on, and all the same --out."
}

# need PATH WHERE-IT-IS-FROM
need() {
    if [ ! -e "$1" ]; then
        printf 'Missing: %s\n    %s\n' "$1" "$2" >&2
        INCOMPLETE=yes
    fi
}

# check COMMAND ...: stop if anything is missing; the command prints the names
# of the test pictures.
check() {
    case $WEIGHTS in
        openai | None) ;;
        *) need "$WEIGHTS" "OpenAI's CLIP ViT-B/16: $VIT
    Or let open_clip fetch it: --weights openai" ;;
    esac
    [ -z "$DETECTIONS" ] || need "$DETECTIONS" \
        'Boxes that a detector wrote: see docs/paper_tables.md.'
    set_options
    [ -z "$DRY_RUN" ] || return 0
    [ -z "$INCOMPLETE" ] ||
        die 'so nothing was run. --dry-run prints the commands all the same.'
    "$PYTHON" -c 'import mmseg_clsclip' || die "$PYTHON cannot import \
mmseg_clsclip, see above. Another: PYTHON=/path/to/python $0 ..."
    # Rather now than after the training.
    [ -z "$DETECTIONS" ] || "$@" | "$PYTHON" \
        tools/reproduce/_check_detections.py "$(plus_config 0)" \
        --cfg-options "${DETECTOR[@]}"
}

# What all commands of a kind are given.
set_options() {
    local option
    CLSCLIP=("model.backbone.pretrained=$WEIGHTS")
    PLUS=("model.module.backbone.pretrained=$WEIGHTS")
    DETECTOR=("model.proposals.file=$DETECTIONS")
    for option in ${OPTIONS[@]+"${OPTIONS[@]}"}; do
        CLSCLIP+=("$option")
        case $option in
            train_* | optim_wrapper.* | param_scheduler.*) ;;
            model.*) PLUS+=("model.module.${option#model.}") ;;
            *) PLUS+=("$option") ;;
        esac
    done
    for option in ${DETECTOR_OPTIONS[@]+"${DETECTOR_OPTIONS[@]}"}; do
        DETECTOR+=("model.proposals.$option")
    done
}

# Print a command, so that a shell can read it. All else that is printed on
# the way is a comment: what --dry-run prints is a script.
show() {
    printf '%q' "$1"
    printf ' %q' "${@:2}"
    printf '\n'
}

run() {
    show "$@"
    [ -n "$DRY_RUN" ] || "$@"
}

# launch train CONFIG ... or launch test CONFIG CHECKPOINT ...
launch() {
    local tool=$1 files=1
    shift
    [ "$tool" = train ] || files=2
    if [ "$GPUS" = 1 ]; then
        run "$PYTHON" "tools/$tool.py" "$@"
    else
        run "tools/dist_$tool.sh" "${@:1:files}" "$GPUS" "${@:files+1}"
    fi
}

config() {
    echo "configs/clsclip/clsclip_vit-b16_${CONFIG}_fold$1.py"
}

plus_config() {
    echo "configs/clsclip_plus/clsclip-plus_vit-b16_${CONFIG}_fold$1.py"
}

checkpoint() {
    echo "$OUT/train/fold$1/iter_$ITERATIONS.pth"
}

# trained FOLD: whether its last checkpoint is whole. mmengine writes the name
# into last_checkpoint when the file is there.
trained() {
    local last=$OUT/train/fold$1/last_checkpoint
    [ -f "$(checkpoint "$1")" ] && [ -f "$last" ] &&
        grep -q "iter_$ITERATIONS.pth\$" "$last"
}

# tested ROW FOLD: whether the newest result, which average_folds.py takes, is
# whole, of the checkpoint, and of a detector's boxes as they are now.
tested() {
    local weights newest result results=("$OUT/$1/fold$2"/*/*.json)
    weights=$(checkpoint "$2")
    trained "$2" && [ -f "${results[0]}" ] || return
    newest=${results[0]}
    for result in "${results[@]}"; do
        [ ! "$result" -nt "$newest" ] || newest=$result
    done
    [ "$newest" -nt "$weights" ] || return
    [[ $1 != plus_detector_* ]] || [ "$newest" -nt "$DETECTIONS" ] || return
    "$PYTHON" -m json.tool "$newest" >/dev/null 2>&1
}

# keep_recipe FOLDER RECIPE: a folder is of one recipe. A run resumed with
# another goes on with the old schedule, and results of both would stand side
# by side.
keep_recipe() {
    local file=$1/recipe.txt
    if [ -f "$file" ] && [ "$(cat "$file")" != "$2" ]; then
        die "$1 was begun with other options:
    $(cat "$file")
Give these, delete the folder, or take another by --out."
    fi
    [ -n "$DRY_RUN" ] || [ -f "$file" ] || {
        # Renamed, so that another machine never reads half of it.
        mkdir -p "$1" && echo "$2" >"$file.$$" && mv "$file.$$" "$file"
    }
}

# train FOLD KEY=VALUE ...
train() {
    if trained "$1"; then
        echo "# Fold $1 is trained: $(checkpoint "$1")"
        return
    fi
    launch train "$(config "$1")" --work-dir "$OUT/train/fold$1" --resume \
        --cfg-options "train_cfg.max_iters=$ITERATIONS" randomness.seed=0 \
        default_hooks.checkpoint.max_keep_ckpts=2 \
        "param_scheduler.0.end=$ITERATIONS" \
        "train_dataloader.batch_size=$((BATCH / GPUS))" "${@:2}"
}

# evaluate ROW FOLD CONFIG KEY=VALUE ...
evaluate() {
    if tested "$1" "$2"; then
        echo "# Fold $2 is tested, delete it to test again: $OUT/$1/fold$2"
        return
    fi
    launch test "$3" "$(checkpoint "$2")" --work-dir "$OUT/$1/fold$2" \
        --cfg-options "${@:4}"
}

# row ROW TITLE: the mean of the folds, into OUT/ROW.md.
row() {
    local fold command=("$PYTHON" tools/average_folds.py)
    for fold in 0 1 2 3; do
        if ! tested "$1" "$fold" && ! [[ -n $DRY_RUN &&
            " ${FOLDS[*]} " == *" $fold "* ]]; then
            echo "# No row of $1 yet: fold $fold is not tested."
            return
        fi
        command+=("$OUT/$1/fold$fold")
    done
    command+=(--name "$2" --out-md "$OUT/$1.md")
    show "${command[@]}"
    [ -n "$DRY_RUN" ] || "${command[@]}" >/dev/null
    ROWS+=("$1")
}

# All rows, ours above the paper's, and how they were made.
table() {
    local name dashes='- | - | - | -'
    sed -n 1,3p "$OUT/clsclip.md"
    echo "| ClsCLIP, the paper | $dashes | $PAPER | - | $dashes |"
    for name in "${ROWS[@]:1}"; do
        sed -n 3p "$OUT/$name.md"
    done
    echo "| ClsCLIP+ with YOLOv7, the paper | $dashes | $PAPER_PLUS | -" \
        "| $dashes |"
    for name in "${ROWS[@]}"; do
        printf '\n%s: %s\n' "$name" "$(sed -n 5p "$OUT/$name.md")"
    done
    printf '\nMade with %s\n' "$(cat "$OUT/recipe.txt")"
    [ "$WEIGHTS" != None ] ||
        printf '\nThe CLIP was random: these figures mean NOTHING.\n'
}

# Train, test and average. The script's data_options FOLD sets TRAIN_DATA and
# TEST_DATA.
reproduce() {
    local fold plus detector
    detector=plus_detector_$(basename "$DETECTIONS" .json)
    keep_recipe "$OUT" "--weights $WEIGHTS --iterations $ITERATIONS \
--cfg-options ${OPTIONS[*]-}"
    [ -z "$DETECTIONS" ] || keep_recipe "$OUT/$detector" \
        "--detections $DETECTIONS --detector-options ${DETECTOR_OPTIONS[*]-}"
    for fold in "${FOLDS[@]}"; do
        data_options "$fold"
        train "$fold" "${TRAIN_DATA[@]}" "${TEST_DATA[@]}" "${CLSCLIP[@]}"
        evaluate clsclip "$fold" "$(config "$fold")" "${TEST_DATA[@]}" \
            "${CLSCLIP[@]}"
        plus=("$fold" "$(plus_config "$fold")" "${TEST_DATA[@]}" "${PLUS[@]}")
        evaluate plus_self "${plus[@]}" model.proposals._delete_=True \
            model.proposals.type=SelfProposals
        evaluate plus_ground-truth "${plus[@]}" model.proposals._delete_=True \
            model.proposals.type=GroundTruthProposals
        [ -z "$DETECTIONS" ] ||
            evaluate "$detector" "${plus[@]}" "${DETECTOR[@]}"
    done
    ROWS=()
    row clsclip ClsCLIP
    row plus_self 'ClsCLIP+, boxes of its own first look'
    row plus_ground-truth 'ClsCLIP+, boxes of the truth (oracle)'
    if [ -n "$DETECTIONS" ]; then
        row "$detector" "ClsCLIP+, boxes of $(basename "$DETECTIONS")"
    else
        echo "# No row of ClsCLIP+ as in the paper: --detections is not given."
    fi
    if [ -z "$DRY_RUN" ] && [ "${ROWS[0]-}" = clsclip ]; then
        table | tee "$OUT/table.md"
    fi
}
