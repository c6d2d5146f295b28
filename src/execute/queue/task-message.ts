/** A task on its way to a worker. */
import type { CheckpointTask, TrajectoryTask } from '../../domain/messages.js';
import type { TrajectoryConfig, Variant } from '../../domain/types.js';
import { PoisonError, unpack } from './codec.js';
import { MAX_TASK_BYTES, PROTOCOL, type TaskMessage, taskSchema } from './schemas.js';

export interface TicketedTask {
  readonly ticket: string;
  /** Its snapshot travels apart (snapshots.ts). */
  readonly task: TrajectoryTask;
  readonly timeoutS: number | null;
}

export function toMessage({ ticket, task, timeoutS }: TicketedTask): TaskMessage {
  const { id, config, checkpoints, refinement, evaluate, memoryBytes, snapshotEveryMs, avoid = null } = task;
  const positions = new Map<string | readonly Variant[], number>();
  const variantSets: Variant[][] = [];
  const positionOf = (variants: readonly Variant[]): number => {
    const known = positions.get(variants) ?? positions.get(JSON.stringify(variants));
    const position = known ?? variantSets.push([...variants]) - 1;
    positions.set(variants, position);
    if (known === undefined) positions.set(JSON.stringify(variants), position);
    return position;
  };
  return {
    protocol: PROTOCOL,
    id,
    ticket,
    config: config as unknown as TaskMessage['config'],
    checkpoints: checkpoints.map(({ t, variants }) => [t, positionOf(variants)]),
    variantSets,
    refinement: refinement as TaskMessage['refinement'],
    evaluate: { dense: [...evaluate.dense], subnet: [...evaluate.subnet] },
    memoryBytes,
    snapshotEveryMs,
    timeoutS,
    avoid,
  };
}

/** @throws PoisonError */
export function fromBytes(bytes: Uint8Array): TicketedTask {
  const message = unpack(bytes, taskSchema, MAX_TASK_BYTES);
  let before = -1;
  const checkpoints = message.checkpoints.map(([t, position]): CheckpointTask => {
    const variants = message.variantSets[position];
    if (!variants || t <= before) throw new PoisonError(`checkpoints: ${t} is out of place`);
    before = t;
    return { t, variants };
  });
  const { id, ticket, refinement, evaluate, memoryBytes, snapshotEveryMs, timeoutS, avoid } = message;
  const config = message.config as unknown as TrajectoryConfig;
  const task = {
    id,
    config,
    checkpoints,
    refinement,
    evaluate,
    snapshot: null,
    memoryBytes,
    snapshotEveryMs,
    avoid,
  };
  return { ticket, task, timeoutS };
}
