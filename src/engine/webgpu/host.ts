/**
 * Owns the devices of a process, on a thread of its own, because WebGPU answers in promises and engines are synchronous.
 *
 * The main thread starts it, never a worker thread: the package ends the whole process if a thread ends while one of its
 * promises is pending, and worker threads are killed at any time. Each thread has a device of its own, so that a lost
 * device fails one trajectory.
 */
import { BroadcastChannel, type MessagePort } from 'node:worker_threads';
import { firstLine } from '../../base/first-line.js';
import { Connection } from './connection.js';
import { backendName, findAdapter, loadGpu } from './package.js';
import {
  type AdapterFacts,
  type ConnectRequest,
  type Control,
  HOST_CHANNEL,
  type HostData,
  type Reply,
  type Request,
} from './protocol.js';

interface Served {
  readonly threadId: number;
  readonly connection: Promise<Connection | null>;
  readonly channel: BroadcastChannel;
  /** Once it is to end: resolves when it has, for which the end of the process waits. */
  ended: Promise<void> | null;
}

/** Limits of WebGPU that are raised to the adapter's. */
const RAISED = ['maxBufferSize', 'maxStorageBufferBindingSize'] as const;

/** The most characters of an adapter's description. */
const MAX_DESCRIPTION = 100;

/** Node runs a message's data through `onmessage` of a channel. */
type Listening = { onmessage: (event: { data: unknown }) => void };

export function serveDevices(control: MessagePort, { state }: HostData): void {
  const served = new Set<Served>();
  // Held for the thread's life: the package crashes if its entry is collected before its devices.
  let gpu: Promise<GPU> | null = null;
  const announcements = new BroadcastChannel(HOST_CHANNEL);

  const connect = async (send: (reply: Reply) => void): Promise<Connection | null> => {
    try {
      gpu ??= loadGpu();
      const adapter = await findAdapter(await gpu);
      const requiredLimits = Object.fromEntries(RAISED.map(name => [name, adapter.limits[name]]));
      const device = await adapter.requestDevice({ requiredLimits });
      send({ seq: 0, failure: null, adapter: factsOf(adapter) });
      return new Connection(device, send);
    } catch (error) {
      gpu = null;
      send({ seq: 0, failure: { kind: 'fault', message: firstLine(error) } });
      return null;
    }
  };

  const end = (each: Served): Promise<void> => {
    each.ended ??= each.connection.then(async open => {
      await open?.close();
      each.channel.close();
      served.delete(each);
    });
    return each.ended;
  };

  (announcements as unknown as Listening).onmessage = ({ data }) => {
    const { channel: name, threadId, signal } = data as ConnectRequest;
    const channel = new BroadcastChannel(name);
    const send = (reply: Reply) => {
      channel.postMessage(reply);
      Atomics.add(signal, 0, 1);
      Atomics.notify(signal, 0);
    };
    const connection = connect(send);
    const each: Served = { threadId, connection, channel, ended: null };
    served.add(each);
    (channel as unknown as Listening).onmessage = ({ data }) => {
      const request = data as Request;
      if (request.kind === 'close') void end(each);
      else void connection.then(open => open?.handle(request));
    };
  };

  control.on('message', (message: Control) => {
    if (message.kind === 'threadEnded') {
      for (const each of served) if (each.threadId === message.threadId) void end(each);
      return;
    }
    announcements.close();
    void Promise.all([...served].map(end)).then(() => {
      Atomics.store(state, 0, 2);
      Atomics.notify(state, 0);
    });
  });
  Atomics.store(state, 0, 1);
  Atomics.notify(state, 0);
}

function factsOf({ info, limits }: GPUAdapter): AdapterFacts {
  const { device, architecture, vendor, description, isFallbackAdapter } = info;
  const name = device || architecture || vendor;
  const text = `${backendName()}: ${[name, description].filter(Boolean).join(', ')}`;
  return {
    description: text.replaceAll(/\s+/g, ' ').slice(0, MAX_DESCRIPTION),
    isSoftware: isFallbackAdapter,
    maxBufferBytes: Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize),
  };
}
