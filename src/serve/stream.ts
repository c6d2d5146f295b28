import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { EventName, Events } from './messages.js';

/** Interval of heartbeats, by which either side notices a lost connection. */
const HEARTBEAT_MS = 15_000;
/** How long `end` waits for the page. */
const END_TIMEOUT_MS = 1_000;

/**
 * One page's stream of server-sent events. A slow page receives only the newest event of each name, and an unchanged
 * event is not sent again.
 */
export class EventStream {
  private readonly last = new Map<EventName, string>();
  private readonly waiting = new Map<EventName, string>();
  private readonly heartbeat: NodeJS.Timeout;

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
    this.heartbeat = setInterval(() => {
      if (!response.writableNeedDrain) response.write('event: beat\ndata: 1\n\n');
    }, HEARTBEAT_MS);
    this.heartbeat.unref();
    response.once('close', () => clearInterval(this.heartbeat));
  }

  send<Name extends EventName>(name: Name, event: Events[Name]): void {
    // JSON.stringify writes no line breaks, so one `data:` line is enough.
    const data = JSON.stringify(event);
    if (this.last.get(name) === data) return;
    this.last.set(name, data);
    this.waiting.set(name, data);
    this.flush();
  }

  /** Resolves when everything is sent, when the page is gone, or after END_TIMEOUT_MS. */
  async end(): Promise<void> {
    this.flush(true);
    const closed = new Promise<void>(resolve => this.response.once('close', resolve));
    const sent = new Promise<void>(resolve => this.response.end(resolve));
    await Promise.race([sent, closed, wait(END_TIMEOUT_MS, undefined, { ref: false })]);
  }

  private flush(isLast = false): void {
    for (const [name, data] of this.waiting) {
      if ((this.response.writableNeedDrain && !isLast) || this.response.writableEnded) return;
      this.waiting.delete(name);
      this.response.write(`event: ${name}\ndata: ${data}\n\n`);
    }
  }
}
