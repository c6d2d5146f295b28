#!/bin/bash
# One part of a sweep on one node, without any server:  sbatch --array=1-8 shards.sh SWEEP [options of espalier run]
#
# The work is on the node's own disk. A consistent copy goes to results/ in the folder of sbatch every ten minutes, and at
# the end; a job that is requeued, here or on another node, goes on from it.
#SBATCH --job-name=espalier-shard
#SBATCH --array=1-8
#SBATCH --cpus-per-task=16
#SBATCH --mem=32G
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=espalier-%A_%a.log
# Two minutes before the time is up; preemption and scancel send TERM.
#SBATCH --signal=B:USR1@120
set -uo pipefail

sweep=$1
shift
# For a single part again:  ESPALIER_SHARDS=8 sbatch --array=3 shards.sh SWEEP
count=${ESPALIER_SHARDS:-$SLURM_ARRAY_TASK_MAX}
part=$SLURM_ARRAY_TASK_ID
home=${ESPALIER_RESULTS:-$SLURM_SUBMIT_DIR/results}
name=$(basename "$sweep" .yaml).shard-$part-of-$count.sqlite
every=${ESPALIER_COPY_EVERY:-600}
local=$(mktemp -d "${SLURM_TMPDIR:-${TMPDIR:-/tmp}}/espalier-XXXXXX") || exit 1
mkdir -p "$home" || exit 1

# Files appear in $home complete or not at all. The database first: older snapshots serve a newer database, not the reverse.
save() {
  [ -e "$local/$name" ] || return 0
  rm -rf "$local/copy"
  espalier merge "$local/copy/$name" "$local/$name" > "$local/merge.log" 2>&1 || { cat "$local/merge.log"; return 1; }
  cp "$local/copy/$name" "$home/.$name.part" && mv "$home/.$name.part" "$home/$name" || return 1
  rm -rf "$home/.$name-snapshots.part"
  if [ -d "$local/copy/$name-snapshots" ]; then
    cp -r "$local/copy/$name-snapshots" "$home/.$name-snapshots.part" || return 1
  fi
  rm -rf "$home/$name-snapshots"
  if [ -d "$home/.$name-snapshots.part" ]; then mv "$home/.$name-snapshots.part" "$home/$name-snapshots"; fi
}

if [ -e "$home/$name" ]; then
  cp "$home/$name" "$local/$name" || exit 1
  if [ -d "$home/$name-snapshots" ]; then cp -r "$home/$name-snapshots" "$local/"; fi
fi

stopping='' again=''
# Slurm may send TERM to espalier as well, whose second TERM would end it at once: so it is given a moment.
stop() {
  [ -n "$stopping" ] && return
  stopping=1
  for _ in 1 2 3 4 5; do kill -0 "$run" 2> /dev/null || return; sleep 1; done
  kill -TERM "$run" 2> /dev/null
}
trap stop TERM INT
trap 'again=1; stopping=1; kill -TERM "$run" 2> /dev/null' USR1

espalier run "$sweep" --shard "$part/$count" --db "$local/$name" --threads "${SLURM_CPUS_PER_TASK:-1}" "$@" &
run=$!

next=$((SECONDS + every))
while kill -0 "$run" 2> /dev/null; do
  if [ "$SECONDS" -ge "$next" ] && [ -z "$stopping" ]; then save; next=$((SECONDS + every)); fi
  # A trapped signal ends the wait, not the sleep.
  sleep 2 & wait $!
done
wait "$run"
code=$?
trap '' TERM INT USR1
save || code=1
[ "$code" -eq 3 ] && [ -z "$again" ] && echo "stopped; the copy in $home goes on from here"
# Only what was copied may be removed.
if [ -e "$home/$name" ]; then rm -rf "$local"; fi
if [ -n "$again" ] && [ "$code" -eq 3 ]; then
  scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}" && sleep 60
fi
exit "$code"
