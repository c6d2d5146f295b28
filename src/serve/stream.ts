import type { ServerResponse } from 'node:http';
import type { EventName, Events } from './messages.js';

/** A sign of life so often, so that either side notices a connection that is gone. */
const BEAT_MS = 15_000;

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

  end(): void {
    this.flush();
    this.response.end();
  }

  private flush(): void {
    for (const [name, data] of this.waiting) {
      if (this.response.writableNeedDrain || this.response.writableEnded) return;
      this.waiting.delete(name);
      this.response.write(`event: ${name}\ndata: ${data}\n\n`);
    }
  }
}
