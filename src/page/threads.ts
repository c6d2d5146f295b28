/** The number of threads of the run, and a form that changes it. */
import type { LiveState, Refusal } from '../serve/messages.js';
import { find, setText } from './dom.js';

/** Threads before a pause, for going on. */
let before = 1;
let shown: number | null = null;

export function startThreads(): void {
  const count = find<HTMLInputElement>('thread-count');
  find('threads').addEventListener('submit', event => {
    event.preventDefault();
    void change(count.valueAsNumber);
  });
  find('pause').addEventListener('click', () => void change(shown === 0 ? before : 0));
}

export function showThreads({ holder }: LiveState): void {
  const threads = holder?.alive ? holder.threads : null;
  find('threads').hidden = threads === null;
  if (threads === null || threads === shown) return;
  if (threads > 0) before = threads;
  shown = threads;
  find<HTMLInputElement>('thread-count').value = String(threads);
  find('pause').textContent = threads === 0 ? 'Go on' : 'Pause';
  setText(find('threads-note'), threads === 0 ? 'paused: the cores are free, everything is kept' : null);
}

async function change(threads: number): Promise<void> {
  const note = find('threads-note');
  setText(note, 'asking the run');
  try {
    const response = await fetch('/threads', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ threads }),
    });
    setText(
      note,
      response.ok ? 'the run follows within seconds' : ((await response.json()) as Refusal).error,
    );
  } catch {
    setText(note, 'the server cannot be reached');
  }
}
