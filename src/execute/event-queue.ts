/** Queue of the events of one trajectory, between its executor and its reader. */
import type { ExecutorEvent, TrajectoryEvent } from '../domain/messages.js';

export type FinalEvent = Extract<TrajectoryEvent, { kind: 'done' | 'stopped' | 'failed' }>;

export const isFinal = (event: ExecutorEvent): event is FinalEvent =>
  event.kind === 'done' || event.kind === 'stopped' || event.kind === 'failed';

export class EventQueue implements AsyncIterable<ExecutorEvent> {
  /** Resolves when the reader has processed the last event, or stops reading. */
  readonly drained: Promise<void>;
  #resolveDrained = () => {};
  readonly #pending: ExecutorEvent[] = [];
  #wake = () => {};
  #earlier: Promise<void> | null = null;

  constructor() {
    this.drained = new Promise(resolve => {
      this.#resolveDrained = resolve;
    });
  }

  push(event: ExecutorEvent): void {
    this.#pending.push(event);
    this.#wake();
  }

  /** Withholds further events until `earlier` is drained. */
  startAfter(earlier: EventQueue): void {
    this.#earlier = earlier.drained;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ExecutorEvent, void> {
    try {
      for (;;) {
        while (this.#pending.length === 0) {
          await new Promise<void>(resolve => {
            this.#wake = resolve;
          });
        }
        if (this.#earlier) await this.#earlier;
        this.#earlier = null;
        const event = this.#pending.shift()!;
        yield event;
        if (isFinal(event)) return;
      }
    } finally {
      this.#resolveDrained();
    }
  }
}
