/** A TCP proxy that can do to a connection what networks do: swallow, delay and cut. */
import { connect as connectTo, createServer, type Server, type Socket } from 'node:net';

/** A connection of which something was swallowed is of no use afterwards: `cut` it. */
export type ProxyMode = 'pass' | 'swallow' | 'delay';

const DELAY_MS = 300;

export class TcpProxy {
  mode: ProxyMode = 'pass';
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(target: number): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const proxy = new TcpProxy(server, typeof address === 'object' && address ? address.port : 0);
    server.on('connection', client => proxy.#join(client, connectTo(target, '127.0.0.1')));
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Ends all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  #join(client: Socket, server: Socket): void {
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      /** Delayed bytes, in their order. */
      const late: Buffer[] = [];
      const pass = (chunk: Buffer | undefined) => chunk && !to.destroyed && to.write(chunk);
      from.on('data', data => {
        if (this.mode === 'swallow') return;
        late.push(data);
        if (this.mode === 'delay') setTimeout(() => pass(late.shift()), DELAY_MS);
        else for (const chunk of late.splice(0)) pass(chunk);
      });
    }
  }
}
