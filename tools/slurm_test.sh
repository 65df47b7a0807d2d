#!/usr/bin/env bash
# Usage: tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [options]
# A process a GPU under Slurm. GPUS (4), GPUS_PER_NODE (all of them on one),
# CPUS_PER_TASK (5), SRUN_ARGS and PYTHON ("python") come from the environment.
set -eu
if [ $# -lt 4 ]; then
    sed -n '2,4s/^# //p' "$0" >&2
    exit 2
fi
TOOLS=$(dirname "$0")
GPUS=${GPUS:-4}
export PYTHONPATH="$TOOLS/..${PYTHONPATH:+:$PYTHONPATH}"
# shellcheck disable=SC2086  # SRUN_ARGS are several words
exec srun --partition="$1" --job-name="$2" --ntasks="$GPUS" \
    --ntasks-per-node="${GPUS_PER_NODE:-$GPUS}" \
    --gres="gpu:${GPUS_PER_NODE:-$GPUS}" \
    --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 \
    ${SRUN_ARGS:-} \
    "${PYTHON:-python}" -u "$TOOLS/test.py" "${@:3:2}" --launcher=slurm \
    "${@:5}"
