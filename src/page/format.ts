/** Numbers and times as the page shows them. */
export { formatDuration } from '../base/units.js';

export const whole = (value: number): string => value.toLocaleString('en-US');

export function rate(perSecond: number): string {
  if (perSecond >= 10) return `${whole(Math.round(perSecond))} cells/s`;
  if (perSecond >= 0.1) return `${perSecond.toPrecision(2)} cells/s`;
  return `${(perSecond * 3600).toPrecision(2)} cells/h`;
}

/** Rounds down, so 100 % means that everything is done. */
export const percent = (done: number, all: number): string =>
  all === 0 ? '–' : `${(Math.floor((1000 * done) / all) / 10).toFixed(1)} %`;

/** The time of day, with the date unless it is today. */
export function clock(moment: Date, now = new Date()): string {
  const time = moment.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  return moment.toDateString() === now.toDateString()
    ? time
    : `${moment.toLocaleDateString([], { weekday: 'short', day: 'numeric', month: 'short' })}, ${time}`;
}

export const secondsSince = (iso: string): number => Math.max(0, (Date.now() - Date.parse(iso)) / 1000);

/** `1 failure`, `3 failures`. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${whole(count)} ${count === 1 ? noun : plural}`;
