import { counted } from '../base/units.js';
/** Reports the first warning of each topic, and at the end the number of further trajectories with the same topic. */
export class Warnings {
  readonly #reported = new Map<string, { readonly message: string; more: number }>();

  constructor(private readonly report: (message: string) => void) {}

  add(topic: string, message: string): void {
    const reported = this.#reported.get(topic);
    if (reported) reported.more++;
    else {
      this.#reported.set(topic, { message, more: 0 });
      this.report(message);
    }
  }

  end(): void {
    for (const { message, more } of this.#reported.values()) {
      if (more > 0)
        this.report(`${message}; likewise for ${counted(more, 'more trajectory', 'more trajectories')}`);
    }
    this.#reported.clear();
  }
}
