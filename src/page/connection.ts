/** The stream of events: comes back by itself when the server does. */
import type { EventName, Events } from '../serve/messages.js';
import { find } from './dom.js';

type Listeners = { readonly [Name in EventName]: (event: Events[Name]) => void };

/** Without a word for so long, the server sent two signs of life that did not arrive. */
const SILENCE_MS = 40_000;
/** A browser gives up where the answer is an error; this does not. */
const AGAIN_MS = 3_000;

export class Connection {
  private source: EventSource | null = null;
  private again: number | undefined;
  private build: string | null = null;
  private heard = 0;
  private ended: string | null = null;

  constructor(private readonly listeners: Listeners) {
    setInterval(() => {
      if (this.source && Date.now() - this.heard > SILENCE_MS) this.reopen();
    }, 5_000);
  }

  /** Asks anew, for what these parameters name. */
  open(parameters: URLSearchParams): void {
    this.parameters = parameters;
    this.reopen();
  }

  private parameters = new URLSearchParams();

  private reopen(): void {
    clearTimeout(this.again);
    this.source?.close();
    const source = new EventSource(`/events?${this.parameters}`);
    this.source = source;
    this.heard = Date.now();
    source.onopen = () => {
      this.ended = null;
      this.tell('live', 'live');
    };
    source.onerror = () => {
      if (this.source !== source) return;
      this.tell('lost', this.ended ?? 'connection lost, trying again');
      if (source.readyState !== EventSource.CLOSED) return;
      clearTimeout(this.again);
      this.again = window.setTimeout(() => this.reopen(), AGAIN_MS);
    };
    for (const name of ['hello', 'state', 'figures', 'end', 'beat'] as const) {
      source.addEventListener(name, (event: MessageEvent<string>) => {
        this.heard = Date.now();
        if (name !== 'beat') this.receive(name, JSON.parse(event.data));
      });
    }
  }

  private receive<Name extends EventName>(name: Name, event: Events[Name]): void {
    if (name === 'hello') {
      const { build } = event as Events['hello'];
      // Another version of the program serves another page.
      if (this.build !== null && this.build !== build) window.location.reload();
      this.build = build;
    }
    if (name === 'end') this.ended = (event as Events['end']).reason;
    this.listeners[name](event);
  }

  private tell(kind: 'live' | 'lost', text: string): void {
    const badge = find('connection');
    badge.dataset.kind = kind;
    if (badge.textContent !== text) badge.textContent = text;
  }
}
