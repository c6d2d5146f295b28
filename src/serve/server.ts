/**
 * The live page's server: the page, its event stream, the SQL box, and the run's number of threads. It only reads the
 * database.
 */
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { InputError, StoreError } from '../base/errors.js';
import { TOOL_VERSION } from '../base/paths.js';
import { systemReason } from '../base/system-error.js';
import type { SelectionParams } from '../slice/selection.js';
import { MAX_THREADS, requestThreads } from '../store/file/thread-request.js';
import { runningHolder } from '../store/read/holder.js';
import { Access, isLoopback, SECURITY_HEADERS } from './access.js';
import { readAssets } from './assets.js';
import { Feed } from './feed.js';
import { DEFAULT_PORT, type ServeOptions } from './options.js';
import { isRefusal, SqlBox } from './sql.js';
import { EventStream } from './stream.js';

const MAX_STREAMS = 32;
const MAX_CONNECTIONS = 256;
const BODY_BYTES = 64 << 10;
const TIMEOUT_MS = 10_000;
const TOKEN_BYTES = 24;

export interface RunningServer {
  /** Includes the token, where one is needed. */
  readonly url: string;
  /** Polls a last time, sends every page the reason, and releases the port. */
  close(reason: string): Promise<void>;
}

/** @throws InputError where the server cannot listen on the address. */
export async function serve({ db, host = '127.0.0.1', port, token }: ServeOptions): Promise<RunningServer> {
  const secret = token ?? (isLoopback(host) ? null : randomBytes(TOKEN_BYTES).toString('base64url'));
  const feed = new Feed(db);
  const sql = new SqlBox(db);
  const app = fastify({
    bodyLimit: BODY_BYTES,
    requestTimeout: TIMEOUT_MS,
    keepAliveTimeout: TIMEOUT_MS,
    forceCloseConnections: true,
    // By default null would become 0, which pauses a run.
    ajv: { customOptions: { coerceTypes: false } },
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  guardAll(app, new Access(host, secret));
  addRoutes(app, db, feed, sql);
  addThreads(app, db);
  await listen(app, host, port);
  const { port: actual } = app.server.address() as AddressInfo;
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  const name = shown.includes(':') ? `[${shown}]` : shown;
  return {
    url: `http://${name}:${actual}/${secret === null ? '' : `?token=${encodeURIComponent(secret)}`}`,
    close: async reason => {
      sql.close();
      await feed.close(reason);
      await app.close();
    },
  };
}

async function listen(app: FastifyInstance, host: string, port: number | undefined): Promise<void> {
  try {
    await app.listen({ host, port: port ?? DEFAULT_PORT });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE' && port === undefined) {
      await app.listen({ host, port: 0 });
      return;
    }
    const where = code === 'EADDRINUSE' || code === 'EACCES' ? '--port' : '--host';
    const value = where === '--port' ? (port ?? DEFAULT_PORT) : host;
    const expected = where === '--port' ? 'a port that is free' : 'an address of this machine';
    throw new InputError({
      path: where,
      value,
      expected,
      what: `cannot listen on ${value} (${systemReason(error)})`,
    });
  }
}

function guardAll(app: FastifyInstance, access: Access): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    const checked = {
      method: request.method,
      path: pathOf(request),
      headers: request.headers,
      token: oneOf(request, 'token'),
    };
    const refusal = access.refusal(checked);
    if (refusal) return reply.code(refusal.status).send({ error: refusal.error });
    const cookie = access.cookieFor(checked);
    // The redirect removes the token from the address bar and the history.
    if (cookie && checked.path === '/') return reply.header('Set-Cookie', cookie).redirect('/', 303);
    return undefined;
  });
  app.setNotFoundHandler((_, reply) => reply.code(404).send({ error: 'there is nothing here' }));
  app.setErrorHandler((error: Error & { statusCode?: number }, _, reply) => {
    const status = error.statusCode ?? 500;
    return reply.code(status).send({ error: status < 500 ? error.message : 'a defect of espalier' });
  });
}

function addRoutes(app: FastifyInstance, db: string, feed: Feed, sql: SqlBox): void {
  const { assets, build } = readAssets();
  for (const [path, { type, body, tag }] of assets) {
    app.get(path, (request, reply) => {
      reply.headers({ ETag: tag, 'Cache-Control': 'no-cache' });
      if (request.headers['if-none-match'] === tag) return reply.code(304).send();
      return reply.type(type).send(body);
    });
  }
  app.get('/events', (request, reply) => {
    if (feed.count >= MAX_STREAMS) return reply.code(503).send({ error: 'too many pages are open' });
    reply.hijack();
    const stream = new EventStream(reply.raw, SECURITY_HEADERS);
    reply.raw.once('close', () => feed.remove(stream));
    stream.send('hello', { version: TOOL_VERSION, db: basename(db), build });
    feed.add(stream, paramsOf(request));
    return undefined;
  });
  app.post('/sql', { schema: SQL_SCHEMA }, async (request, reply) => {
    const disconnected = new AbortController();
    reply.raw.once('close', () => disconnected.abort());
    try {
      return await sql.query((request.body as { sql: string }).sql, disconnected.signal);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return reply.code(400).send({ error: error.message });
    }
  });
}

/** Asks the run at work for another number of threads. */
function addThreads(app: FastifyInstance, db: string): void {
  app.post('/threads', { schema: THREADS_SCHEMA }, (request, reply) => {
    try {
      requestThreads(db, runningHolder(db).token, (request.body as { threads: number }).threads);
      return reply.code(202).send({});
    } catch (error) {
      // No run, or the folder cannot be written.
      if (!(error instanceof StoreError)) throw error;
      return reply.code(409).send({ error: (error as Error).message });
    }
  });
}

const THREADS_SCHEMA = {
  body: {
    type: 'object',
    required: ['threads'],
    additionalProperties: false,
    properties: { threads: { type: 'integer', minimum: 0, maximum: MAX_THREADS } },
  },
};

const SQL_SCHEMA = {
  body: {
    type: 'object',
    required: ['sql'],
    additionalProperties: false,
    properties: { sql: { type: 'string' } },
  },
};

const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0]!;

function oneOf(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}

function paramsOf(request: FastifyRequest): SelectionParams {
  const all = Object.entries(request.query as Record<string, unknown>);
  return Object.fromEntries(all.filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}
