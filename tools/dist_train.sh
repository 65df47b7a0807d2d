#!/usr/bin/env bash
# Usage: tools/dist_train.sh CONFIG PROCESSES [options of tools/train.py]
# NNODES, NODE_RANK, MASTER_ADDR and PORT are read as mmseg reads them.
set -eu
CONFIG=$1
PROCESSES=$2
exec torchrun --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}" \
    --nproc_per_node="$PROCESSES" \
    "$(dirname "$0")/train.py" "$CONFIG" --launcher pytorch "${@:3}"
