#!/bin/bash
# Workers of runs on a queue:  ESPALIER_QUEUE=redis://:PASSWORD@HOST:6379 sbatch --array=1-8 workers.sh
#
# `espalier run SWEEP --queue redis://HOST:6379` is elsewhere, e.g. on the login node or in a job of its own. A worker that
# is preempted, or whose time is up, hands back what it computes with its state; others go on from there at once.
#SBATCH --job-name=espalier-worker
#SBATCH --array=1-8
#SBATCH --cpus-per-task=16
#SBATCH --mem=32G
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=espalier-worker-%A_%a.log
#SBATCH --signal=B:TERM@60
# exec: signals of Slurm reach the worker itself. Ten minutes without work end it, so the node is free for others.
exec espalier worker --threads "$SLURM_CPUS_PER_TASK" --until-idle "${ESPALIER_UNTIL_IDLE:-600}" "$@"
