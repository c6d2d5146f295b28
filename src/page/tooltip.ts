import type { TooltipHandler } from 'vega';
import { make } from './dom.js';

const AWAY = 14;
const element = make('div', { class: 'tooltip', 'aria-hidden': 'true' });

/** Shows what a figure says about the point below the pointer. */
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
  const right = clientX + AWAY + width > window.innerWidth ? clientX - AWAY - width : clientX + AWAY;
  const below = clientY + AWAY + height > window.innerHeight ? clientY - AWAY - height : clientY + AWAY;
  element.style.left = `${Math.max(4, right)}px`;
  element.style.top = `${Math.max(4, below)}px`;
};
