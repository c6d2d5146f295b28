/** The attempts at work: the key of each trajectory, and how long it has trained. */
import type { CheckpointRow } from '../../domain/messages.js';
import type { Outcome } from '../schema/rows.js';
import type { TrainTime } from './recorder.js';

interface RunningAttempt {
  readonly key: number;
  /** Training time summed over the checkpoints, for attempts that end without a total. */
  spent: TrainTime;
}

const NOT_TRAINED: TrainTime = { wallS: null, cpuS: 0 };

export class RunningAttempts {
  readonly #attempts = new Map<string, RunningAttempt>();

  get ids(): string[] {
    return [...this.#attempts.keys()];
  }

  start(id: string, key: number): void {
    this.#attempts.set(id, { key, spent: NOT_TRAINED });
  }

  /** Adds the training time of a checkpoint. Returns the trajectory's key; undefined if no attempt at it runs. */
  addCheckpoint(id: string, { trainWallS, trainCpuS }: CheckpointRow): number | undefined {
    const attempt = this.#attempts.get(id);
    if (!attempt) return undefined;
    const { wallS, cpuS } = attempt.spent;
    const cpu = cpuS === null || trainCpuS === null ? null : cpuS + trainCpuS;
    attempt.spent = { wallS: (wallS ?? 0) + trainWallS, cpuS: cpu };
    return attempt.key;
  }

  /** Returns the training time of the attempt. */
  end(id: string, outcome: Outcome): TrainTime {
    const spent = this.#attempts.get(id)?.spent ?? NOT_TRAINED;
    this.#attempts.delete(id);
    return outcome.kind === 'done' ? { wallS: outcome.trainWallS, cpuS: outcome.trainCpuS } : spent;
  }
}
