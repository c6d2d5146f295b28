/** The page's event stream. It reconnects by itself when the server returns. */
import type { EventName, Events } from '../serve/messages.js';
import { find } from './dom.js';

type Listeners = { readonly [Name in EventName]: (event: Events[Name]) => void };

/** After this long without an event, at least two heartbeats of the server were lost. */
const SILENCE_MS = 40_000;
/** A browser's EventSource gives up after an HTTP error; the page then retries at this interval. */
const RETRY_MS = 3_000;

export class Connection {
  private source: EventSource | null = null;
  private retryTimer: number | undefined;
  private build: string | null = null;
  private lastEventAt = 0;
  private endReason: string | null = null;

  constructor(private readonly listeners: Listeners) {
    setInterval(() => {
      if (this.source && Date.now() - this.lastEventAt > SILENCE_MS) this.reopen();
    }, 5_000);
  }

  /** Reconnects, with these parameters for the figures. */
  open(parameters: URLSearchParams): void {
    this.parameters = parameters;
    this.reopen();
  }

  private parameters = new URLSearchParams();

  private reopen(): void {
    clearTimeout(this.retryTimer);
    this.source?.close();
    const source = new EventSource(`/events?${this.parameters}`);
    this.source = source;
    this.lastEventAt = Date.now();
    source.onopen = () => {
      this.endReason = null;
      this.showStatus('live', 'live');
    };
    source.onerror = () => {
      if (this.source !== source) return;
      this.showStatus('lost', this.endReason ?? 'connection lost, trying again');
      if (source.readyState !== EventSource.CLOSED) return;
      clearTimeout(this.retryTimer);
      this.retryTimer = window.setTimeout(() => this.reopen(), RETRY_MS);
    };
    for (const name of ['hello', 'state', 'figures', 'end', 'beat'] as const) {
      source.addEventListener(name, (event: MessageEvent<string>) => {
        this.lastEventAt = Date.now();
        if (name !== 'beat') this.receive(name, JSON.parse(event.data));
      });
    }
  }

  private receive<Name extends EventName>(name: Name, event: Events[Name]): void {
    if (name === 'hello') {
      const { build } = event as Events['hello'];
      // A changed build: the server now has another version of the page.
      if (this.build !== null && this.build !== build) window.location.reload();
      this.build = build;
    }
    if (name === 'end') this.endReason = (event as Events['end']).reason;
    this.listeners[name](event);
  }

  private showStatus(kind: 'live' | 'lost', text: string): void {
    const badge = find('connection');
    badge.dataset.kind = kind;
    if (badge.textContent !== text) badge.textContent = text;
  }
}
