#!/bin/bash
# Tries the scripts of deploy/slurm on Slurm, on this machine alone. Needs root, and Debian's slurm-wlm and munge:
#
#   apt-get install -y slurm-wlm munge redis-server && npm run build && test/slurm/try.sh
#
# shards: three parts that are preempted; then one is requeued, and one is killed with its script and started again
# workers: an array of three workers of a run on a queue, of which one is requeued and one is preempted
# Both must give the bits of a local run. Takes about five minutes.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
node=$(hostname -s)
mkdir -p "$work/bin" "$work/spool" "$work/state"
printf '#!/bin/sh\nexec node %q "$@"\n' "$root/dist/src/cli/main.js" > "$work/bin/espalier"
chmod +x "$work/bin/espalier"
export PATH="$work/bin:$PATH" SLURM_CONF="$work/slurm.conf"
cat > "$SLURM_CONF" << CONF
ClusterName=try
SlurmctldHost=$node
SlurmUser=root
AuthType=auth/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
SlurmdSpoolDir=$work/spool
StateSaveLocation=$work/state
SlurmdParameters=config_overrides
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName=$node CPUs=4 Boards=1 SocketsPerBoard=1 CoresPerSocket=4 ThreadsPerCore=1 RealMemory=3000
PartitionName=low Nodes=ALL Default=YES State=UP PriorityTier=1 GraceTime=20
PartitionName=high Nodes=ALL State=UP PriorityTier=10
CONF
munge_started=''
if ! munge -n > /dev/null 2>&1; then
  mkdir -p /run/munge && chown munge: /run/munge && su -s /bin/sh munge -c /usr/sbin/munged && munge_started=1
fi
slurmctld
sleep 2
slurmd
# Tells a daemon to end, and waits for it: slurmd goes on for a while with jobs that were cancelled.
end_daemon() {
  local pid
  pid=$(cat "$1" 2> /dev/null) || return 0
  kill "$pid" 2> /dev/null || return 0
  for _ in $(seq 40); do kill -0 "$pid" 2> /dev/null || return 0; sleep 0.25; done
  kill -9 "$pid" 2> /dev/null || true
}
end() {
  scancel --user=root || true
  for _ in $(seq 20); do squeue -h 2> /dev/null | grep -q . || break; sleep 0.5; done
  for daemon in slurmd slurmctld redis; do end_daemon "$work/$daemon.pid"; done
  if [ -n "$munge_started" ]; then end_daemon /run/munge/munged.pid; fi
}
trap end EXIT
cd "$work"

# Long enough for everything below to happen in the middle of it.
cat > s.yaml << 'SWEEP'
name: s
dataset: { name: digits, pool: 2000, test: 300 }
axes: { datasetSize: [500, 800], width: 200, seed: { count: 3 }, pretrainIterations: { from: 5, to: 20000, ratio: 1.5 }, subnetSize: [5, 10] }
thresholds: [{ metric: subnet_train_loss, atMost: 0.4 }]
SWEEP
# Every number of the results and thresholds, but times.
numbers() {
  espalier query "$1" --format csv "SELECT trajectory_id, pretrain_iterations, subnet_size, dense_train_loss, dense_test_loss,
    subnet_train_loss, subnet_test_loss, subnet_train_accuracy, distinct_neurons FROM results ORDER BY 1, 2, 3"
  espalier query "$1" --format csv "SELECT trajectory_id, subnet_size, target, lower, upper, censoring FROM thresholds ORDER BY 1, 2, 3"
}
same() {
  if cmp <(numbers local.sqlite) <(numbers "$1"); then echo "equal bits: $1"; else echo "DIFFERENT: $1"; exit 1; fi
}
# Waits until the log $1 has the text $2.
until_log() { for _ in $(seq 300); do grep -qs -- "$2" "$1" && return; sleep 0.5; done; echo "no '$2' in $1"; exit 1; }
until_gone() { while squeue -h -j "$1" 2> /dev/null | grep -q .; do sleep 1; done; }
preempt() { sbatch -p high --cpus-per-task="$1" --mem=100 --output=/dev/null --wrap 'sleep 15'; }
# A job that was requeued waits two minutes before it may start again.
hurry() { scontrol update JobId="$1" StartTime=now 2> /dev/null || true; }

espalier run s.yaml --db local.sqlite --threads 2 > /dev/null 2>&1

if [ "${1:-shards}" = shards ]; then
  echo '== shards'
  job=$(ESPALIER_COPY_EVERY=4 sbatch --parsable --array=1-3 --cpus-per-task=1 --mem=700 "$root/deploy/slurm/shards.sh" s.yaml)
  merge=$(sbatch --parsable --mem=700 --dependency="afterany:$job" "$root/deploy/slurm/merge.sh" s.yaml)
  for part in 1 2 3; do until_log "espalier-${job}_$part.log" cells/s; done
  preempt 4
  for part in 1 2 3; do until_log "espalier-${job}_$part.log" 's stopped after'; done
  sleep 20
  for part in 1 2 3; do hurry "${job}_$part"; done
  # At work again, from the copies.
  until run=$(pgrep -f 'main.js run s.yaml --shard 1/3'); do sleep 0.5; done
  scontrol requeue "${job}_1"
  # As a node that dies: nothing can be copied any more.
  until run=$(pgrep -f 'main.js run s.yaml --shard 2/3'); do sleep 0.5; done
  sleep 3
  kill -9 "$(ps -o ppid= -p "$run" | tr -d ' ')" "$run"
  sleep 3
  scontrol requeue "${job}_2"
  sleep 10
  for part in 1 2; do hurry "${job}_$part"; done
  until_gone "$job"
  until_gone "$merge"
  # The dependent job took the dead part for ended. Merging again adds what came later.
  again=$(sbatch --parsable --mem=700 "$root/deploy/slurm/merge.sh" s.yaml)
  until_gone "$again"
  cat "espalier-merge-$again.log"
  same results/s.sqlite
  espalier query results/s.sqlite 'SELECT outcome, count(*) AS attempts FROM attempts GROUP BY 1'
  ls -A results
fi

if [ "${1:-workers}" = workers ]; then
  echo '== workers'
  redis-server --port 7391 --requirepass try --daemonize yes --pidfile "$work/redis.pid" --dir "$work" \
    --maxmemory-policy noeviction > /dev/null
  export ESPALIER_QUEUE=redis://:try@127.0.0.1:7391
  job=$(ESPALIER_UNTIL_IDLE=60 sbatch --parsable --array=1-3 --cpus-per-task=1 --mem=700 "$root/deploy/slurm/workers.sh")
  espalier run s.yaml --db queue.sqlite --queue redis://127.0.0.1:7391 > run.log 2>&1 &
  run=$!
  until_log run.log cells/s
  for worker in 1 2 3; do until_log "espalier-worker-${job}_$worker.log" 'takes part'; done
  # One of four cores is free: a job of two takes that of one worker.
  preempt 2
  until grep -lqs PREEMPTION espalier-worker-*.log; do sleep 0.5; done
  for worker in 1 2 3; do
    grep -qs PREEMPTION "espalier-worker-${job}_$worker.log" || requeued=$worker
  done
  scontrol requeue "${job}_$requeued"
  until_log "espalier-worker-${job}_$requeued.log" REQUEUE
  kill -0 "$run" || { echo 'the run ended before its workers left'; exit 1; }
  for _ in $(seq 10); do
    sleep 3
    for worker in 1 2 3; do hurry "${job}_$worker"; done
  done
  wait "$run"
  same queue.sqlite
  espalier query queue.sqlite 'SELECT outcome, count(*) AS attempts FROM attempts GROUP BY 1'
  grep -h leaving espalier-worker-*.log | sort | uniq -c
fi
