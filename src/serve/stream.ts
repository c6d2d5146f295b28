import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { EventName, Events } from './messages.js';

/** A sign of life so often, so that either side notices a connection that is gone. */
const BEAT_MS = 15_000;
/** How long an end is waited for. */
const LINGER_MS = 1_000;

/**
 * One page's stream of server-sent events. A page that reads slowly is sent the newest of each event, not all of them;
 * what has not changed is not sent again.
 */
export class EventStream {
  private readonly last = new Map<EventName, string>();
  private readonly waiting = new Map<EventName, string>();
  private readonly beat: NodeJS.Timeout;

  constructor(
    private readonly response: ServerResponse,
    headers: Record<string, string>,
  ) {
    response.writeHead(200, {
      ...headers,
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      Connection: 'keep-alive',
      'X-Accel-Buffering': 'no',
    });
    response.write('retry: 1000\n\n');
    response.on('drain', () => this.flush());
    this.beat = setInterval(() => {
      if (!response.writableNeedDrain) response.write('event: beat\ndata: 1\n\n');
    }, BEAT_MS);
    this.beat.unref();
    response.once('close', () => clearInterval(this.beat));
  }

  send<Name extends EventName>(name: Name, event: Events[Name]): void {
    // JSON has no line breaks of its own: one line of data.
    const data = JSON.stringify(event);
    if (this.last.get(name) === data) return;
    this.last.set(name, data);
    this.waiting.set(name, data);
    this.flush();
  }

  /** Resolves once everything is on its way, or the page is too slow to wait for. */
  async end(): Promise<void> {
    this.flush(true);
    const gone = new Promise<void>(resolve => this.response.once('close', resolve));
    const sent = new Promise<void>(resolve => this.response.end(resolve));
    await Promise.race([sent, gone, wait(LINGER_MS, undefined, { ref: false })]);
  }

  private flush(isLast = false): void {
    for (const [name, data] of this.waiting) {
      if ((this.response.writableNeedDrain && !isLast) || this.response.writableEnded) return;
      this.waiting.delete(name);
      this.response.write(`event: ${name}\ndata: ${data}\n\n`);
    }
  }
}
