import type { TooltipHandler } from 'vega';
import { make } from './dom.js';

/** Distance from the pointer, in pixels. */
const OFFSET = 14;
const element = make('div', { class: 'tooltip', 'aria-hidden': 'true' });

/** Shows a figure's tooltip for the point under the pointer; an empty value removes it. */
export const showTooltip: TooltipHandler = (_, event, __, value) => {
  if (value === null || value === undefined || value === '') {
    element.remove();
    return;
  }
  const entries =
    typeof value === 'object' ? Object.entries(value as Record<string, unknown>) : [['', value]];
  const lines = entries.map(([name, one]) =>
    make('div', {}, make('dt', {}, String(name)), make('dd', {}, String(one))),
  );
  element.replaceChildren(make('dl', {}, ...lines));
  document.body.append(element);
  const { clientX, clientY } = event as MouseEvent;
  const { width, height } = element.getBoundingClientRect();
  const right = clientX + OFFSET + width > window.innerWidth ? clientX - OFFSET - width : clientX + OFFSET;
  const below = clientY + OFFSET + height > window.innerHeight ? clientY - OFFSET - height : clientY + OFFSET;
  element.style.left = `${Math.max(4, right)}px`;
  element.style.top = `${Math.max(4, below)}px`;
};
