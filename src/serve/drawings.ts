/** Figures for the page, from the curves of a slice. */
import type { Wishes } from './choices.js';
import type { Figures } from './messages.js';
import type { SliceContents } from './slice.js';

export const columnsOf = ({ columns }: Wishes): 1 | 2 => (columns === '1' ? 1 : 2);

export function drawn({ selection, complete, read }: SliceContents, _columns: 1 | 2): Figures {
  const { choices, members } = selection;
  return { choices, drawings: [], members: members.length, complete, read };
}
