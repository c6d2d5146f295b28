#!/bin/bash
# Joins the parts when they have ended:  sbatch --dependency=afterany:JOBID merge.sh SWEEP
#
# Writes results/<sweep>.sqlite in the folder of sbatch from results/<sweep>.shard-*.sqlite, complete or not at all.
#SBATCH --job-name=espalier-merge
#SBATCH --cpus-per-task=1
#SBATCH --mem=4G
#SBATCH --time=1:00:00
#SBATCH --output=espalier-merge-%j.log
set -euo pipefail

sweep=$(basename "$1" .yaml)
home=${ESPALIER_RESULTS:-$SLURM_SUBMIT_DIR/results}
local=$(mktemp -d "${SLURM_TMPDIR:-${TMPDIR:-/tmp}}/espalier-XXXXXX")
trap 'rm -rf "$local"' EXIT

inputs=("$home/$sweep".shard-*-of-*.sqlite)
# What an earlier merge, or somebody's run, has left there stays in it.
if [ -e "$home/$sweep.sqlite" ]; then inputs+=("$home/$sweep.sqlite"); fi
espalier merge "$local/$sweep.sqlite" "${inputs[@]}"
cp "$local/$sweep.sqlite" "$home/.$sweep.sqlite.part"
mv "$home/.$sweep.sqlite.part" "$home/$sweep.sqlite"
espalier status "$home/$sweep.sqlite"
