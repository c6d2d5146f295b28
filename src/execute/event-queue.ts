/** What is said of one trajectory, from whoever hears it first to the one who reads it. */
import type { ExecutorEvent, TrajectoryEvent } from '../domain/messages.js';

export type LastEvent = Extract<TrajectoryEvent, { kind: 'done' | 'stopped' | 'failed' }>;

export const isLast = (event: ExecutorEvent): event is LastEvent =>
  event.kind === 'done' || event.kind === 'stopped' || event.kind === 'failed';

export class Events implements AsyncIterable<ExecutorEvent> {
  /** Resolves when the reader is done with the last one. */
  readonly read: Promise<void>;
  #isRead = () => {};
  readonly #unread: ExecutorEvent[] = [];
  #more = () => {};
  #earlier: Promise<void> | null = null;

  constructor() {
    this.read = new Promise(resolve => {
      this.#isRead = resolve;
    });
  }

  push(event: ExecutorEvent): void {
    this.#unread.push(event);
    this.#more();
  }

  /** None is read from now on before those have been. */
  follow(earlier: Events): void {
    this.#earlier = earlier.read;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ExecutorEvent, void> {
    try {
      for (;;) {
        while (this.#unread.length === 0) {
          await new Promise<void>(resolve => {
            this.#more = resolve;
          });
        }
        if (this.#earlier) await this.#earlier;
        this.#earlier = null;
        const event = this.#unread.shift()!;
        yield event;
        if (isLast(event)) return;
      }
    } finally {
      this.#isRead();
    }
  }
}
