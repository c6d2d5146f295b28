/** Says one warning of each topic, and at the end of how many more trajectories the same is true. */
export class Warnings {
  readonly #reported = new Map<string, { readonly message: string; more: number }>();

  constructor(private readonly say: (message: string) => void) {}

  add(topic: string, message: string): void {
    const said = this.#reported.get(topic);
    if (said) said.more++;
    else {
      this.#reported.set(topic, { message, more: 0 });
      this.say(message);
    }
  }

  end(): void {
    for (const { message, more } of this.#reported.values()) {
      if (more > 0) this.say(`${message}; likewise for ${more} more trajectories`);
    }
    this.#reported.clear();
  }
}
