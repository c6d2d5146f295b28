/** Where the rows of a dispatch are worked on. */
import type { Buffers } from './buffers.js';
import type { DeviceBuffer } from './device.js';
import { createSlice, type Slice } from './inputs.js';
import { FLOAT, padded } from './layout.js';

export interface Workspace {
  /** The most rows that it takes: whole tiles. */
  readonly rows: number;
  readonly slice: Slice;
  /** sigma and, for training, its derivative: rows x W */
  readonly value: DeviceBuffer;
  readonly slope: DeviceBuffer;
  /** The derivative of the loss, rows. */
  readonly lossSlope: DeviceBuffer;
}

/** @param rows whole tiles */
export function createWorkspace(buffers: Buffers, rows: number, width: number, columns: number): Workspace {
  const bytes = FLOAT * rows * padded(width);
  return {
    rows,
    slice: createSlice(buffers, rows, columns),
    value: buffers.create(bytes),
    slope: buffers.create(bytes),
    lossSlope: buffers.create(FLOAT * rows),
  };
}

/** Bytes of a workspace. */
export const workspaceBytes = (rows: number, width: number, columns: number): number =>
  FLOAT * rows * (2 * padded(width) + 2 * padded(columns) + 1);
