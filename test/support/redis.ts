/** A Redis server for tests, on a port of its own. Debian's package is `redis-server`. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** Whether there is a server to start. Tests that need one are skipped without it. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
export const WITHOUT_REDIS = 'redis-server is not installed (Debian: apt-get install redis-server)';

export class RedisServer {
  #child: ChildProcess | null = null;

  private constructor(
    readonly port: number,
    readonly folder: string,
    private readonly args: readonly string[],
  ) {}

  /** @param args more settings, as redis-server takes them. */
  static async start(...args: string[]): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), 'espalier-redis-'));
    const server = new RedisServer(await freePort(), folder, args);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it on the same port, with what its append-only file holds. */
  async restart(): Promise<void> {
    const child = spawn(
      'redis-server',
      [
        ...['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder],
        ...['--appendonly', 'yes', '--save', '', '--maxmemory-policy', 'noeviction'],
        ...this.args,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      let output = '';
      child.stdout.on('data', text => {
        output += text;
        if (output.includes('Ready to accept connections')) resolve();
      });
      child.on('exit', code => reject(new Error(`redis-server ended with ${code}: ${output}`)));
    });
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** Ends it at once, as a power failure would. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** Makes it lose everything while it runs. */
  async flush(): Promise<void> {
    const redis = new Redis(this.port, '127.0.0.1');
    await redis.flushall();
    redis.disconnect();
  }

  /** Deletes what it has written. */
  forget(): void {
    rmSync(join(this.folder, 'appendonlydir'), { recursive: true, force: true });
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Whether a certificate for TLS can be made. */
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** Writes a key and a certificate of 127.0.0.1 that only those trust who are told to. */
export function selfSigned(folder: string): { readonly key: string; readonly certificate: string } {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...[
      '-keyout',
      key,
      '-out',
      certificate,
      '-subj',
      '/CN=espalier',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
    ],
  ]);
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
  return { key, certificate };
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
