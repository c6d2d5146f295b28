/** Provenance and cost of a sweep, aggregated over its attempts. */
import type { Reader } from './reader.js';

/** The attempts of one version of the program on one machine with one number of threads. */
/** Attempts by one program on one machine. */
export interface ProvenanceGroup {
  readonly toolVersion: string;
  readonly gitRevision: string | null;
  readonly gitDirty: number | null;
  readonly nodeVersion: string;
  readonly host: string;
  readonly cpu: string;
  readonly threads: number;
  readonly engine: string;
  readonly numerics: number;
  readonly attempts: number;
  /** First start and last end. ISO 8601, UTC; `last` is null while none has ended. */
  readonly first: string;
  readonly last: string | null;
}

/** What a sweep has taken. */
export interface Cost {
  readonly attempts: number;
  /** Seconds from start to end, summed over all attempts that have ended; parallel threads add up. */
  readonly threadSeconds: number;
  readonly trainWallSeconds: number | null;
  /** Null where the platform does not report CPU time. */
  readonly trainCpuSeconds: number | null;
}

const MEMBERS = `SELECT x.id FROM sweeps s CROSS JOIN member_variants v ON v.sweep = s.key
  JOIN trajectory_keys x ON x.key = v.trajectory WHERE s.name = :sweep`;

/** In order of first attempt. */
export function provenanceOf(reader: Reader, sweep: string): ProvenanceGroup[] {
  return reader.rows<ProvenanceGroup>(
    `SELECT tool_version AS toolVersion, git_revision AS gitRevision, git_dirty AS gitDirty,
       node_version AS nodeVersion, host, cpu, threads, engine, numerics, count(*) AS attempts,
       min(started_at) AS first, max(ended_at) AS last
     FROM attempts WHERE trajectory_id IN (${MEMBERS})
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 ORDER BY first, host`,
    { sweep },
  );
}

export function costOf(reader: Reader, sweep: string): Cost {
  const [attempts] = reader.rows<{ attempts: number; seconds: number | null }>(
    `SELECT count(*) AS attempts, sum((julianday(ended_at) - julianday(started_at)) * 86400) AS seconds
     FROM attempts WHERE trajectory_id IN (${MEMBERS})`,
    { sweep },
  );
  const [trained] = reader.rows<{ wall: number | null; cpu: number | null }>(
    `SELECT sum(train_wall_s) AS wall, sum(train_cpu_s) AS cpu FROM trajectories WHERE id IN (${MEMBERS})`,
    { sweep },
  );
  return {
    attempts: attempts?.attempts ?? 0,
    threadSeconds: attempts?.seconds ?? 0,
    trainWallSeconds: trained?.wall ?? null,
    trainCpuSeconds: trained?.cpu ?? null,
  };
}
