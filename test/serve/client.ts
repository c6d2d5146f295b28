import { request as httpRequest } from 'node:http';
import type { EventName, Events } from '../../src/serve/messages.js';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** One request, with any headers and exactly this path. */
export function request(
  url: string,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const { method = 'GET', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ hostname, port, path, method, headers, agent: false }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', part => {
        text += part;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: text }),
      );
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Sends a statement of the SQL box. */
export async function postSql(url: string, sql: unknown, headers: Record<string, string> = {}) {
  const all = { 'content-type': 'application/json', ...headers };
  const answer = await request(url, '/sql', { method: 'POST', headers: all, body: JSON.stringify({ sql }) });
  return { status: answer.status, ...JSON.parse(answer.body) };
}

/** An open stream of events: the latest event of each name, and all events in order. */
export class Listener {
  readonly all: { readonly name: EventName; readonly event: never }[] = [];
  private readonly stop = new AbortController();
  private wake = () => {};
  /** The server has closed the stream. */
  ended = false;

  constructor(url: string, query = '') {
    void this.listen(`${new URL(url).origin}/events${query}`);
  }

  latest<Name extends EventName>(name: Name): Events[Name] | undefined {
    return this.all.findLast(one => one.name === name)?.event;
  }

  /** Waits for an event of this name that matches; the latest one counts. */
  async until<Name extends EventName>(
    name: Name,
    matches: (event: Events[Name]) => boolean = () => true,
    withinMs = 40_000,
  ): Promise<Events[Name]> {
    const end = Date.now() + withinMs;
    for (;;) {
      const latest = this.latest(name);
      if (latest && matches(latest)) return latest;
      const left = end - Date.now();
      if (left <= 0) throw new Error(`no such ${name}; the latest is ${JSON.stringify(latest)}`);
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, left);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  close(): void {
    this.stop.abort();
  }

  private async listen(address: string): Promise<void> {
    try {
      const response = await fetch(address, { signal: this.stop.signal });
      let text = '';
      for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
        text += part;
        const blocks = text.split('\n\n');
        text = blocks.pop()!;
        for (const block of blocks) this.receive(block);
      }
    } catch (error) {
      if (!this.stop.signal.aborted && !/terminated/.test(String(error))) throw error;
    } finally {
      this.ended = true;
      this.wake();
    }
  }

  private receive(block: string): void {
    const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
    if (!name || name === 'beat') return;
    this.all.push({ name: name as EventName, event: JSON.parse(data!) as never });
    this.wake();
  }
}
