/** The result of `espalier doctor`. */
import type { EngineName } from '../domain/types.js';

/** A part that works, with its version, or the reason why it does not. */
export interface Part {
  readonly version: string | null;
  readonly problem: string | null;
}

export interface EngineState {
  readonly name: EngineName;
  readonly available: boolean;
  /** What runs the hot loops, where there is a choice, e.g. `native-512`; else null. */
  readonly kernels: string | null;
  /** Why the engine is not there, or what is to be known about it; else null. */
  readonly problem: string | null;
}

export interface DatasetState {
  readonly name: string;
  /** Null where the data set is generated, or not found. */
  readonly folder: string | null;
  readonly found: boolean;
  /** Where the system refuses to look. */
  readonly problems: readonly string[];
}

export interface Advice {
  /** `error`: sweeps, or what was asked for, cannot run like this. `note`: something is slower, or left out. */
  readonly level: 'error' | 'note';
  readonly what: string;
  /** What to type, or to install. */
  readonly remedy: string;
}

/**
 * The output of `espalier doctor --json`. It names neither the host nor the user: the home folder is `~`, and an address
 * is without credentials. Sizes are bytes.
 */
export interface DoctorReport {
  readonly espalier: {
    readonly version: string;
    readonly gitRevision: string | null;
    readonly gitDirty: boolean | null;
  };
  readonly node: { readonly version: string; readonly oldest: string; readonly npm: string | null };
  readonly machine: {
    readonly platform: string;
    readonly architecture: string;
    readonly release: string;
    readonly cpu: string;
    readonly cores: number;
    /** What `--threads` is by default: cores that this process may use. */
    readonly usableCores: number;
    readonly memoryBytes: number;
    /** What a run may take: less than `memoryBytes` in a container, or under a limit of a scheduler. */
    readonly usableMemoryBytes: number;
  };
  readonly sqlite: Part;
  /** The renderer of PNG figures. */
  readonly png: Part;
  readonly engines: readonly EngineState[];
  readonly datasets: readonly DatasetState[];
  readonly dataPlaces: readonly { readonly source: string; readonly dir: string }[];
  /** The current folder, where `run` makes `results/`. */
  readonly folder: { readonly freeBytes: number | null; readonly problem: string | null };
  /** Null where no server is named. */
  readonly queue: QueueState | null;
  /** Variables that are set and change what espalier does; no value of ESPALIER_QUEUE, which may hold a password. */
  readonly environment: Readonly<Record<string, string>>;
  readonly advice: readonly Advice[];
}

export interface QueueState {
  /** Without credentials. */
  readonly address: string;
  readonly reachable: boolean;
  /** Round trip of one command, in milliseconds; null where there is no answer. */
  readonly roundTripMs: number | null;
  /** Why it cannot be used; null where it can. */
  readonly problem: string | null;
  /** Settings of the server that lose work. */
  readonly advice: readonly string[];
}
