/** Says one warning of each topic, and at the end of how many more trajectories the same is true. */
export class Warnings {
  readonly #said = new Map<string, { readonly message: string; more: number }>();

  constructor(private readonly say: (message: string) => void) {}

  add(topic: string, message: string): void {
    const said = this.#said.get(topic);
    if (said) said.more++;
    else {
      this.#said.set(topic, { message, more: 0 });
      this.say(message);
    }
  }

  end(): void {
    for (const { message, more } of this.#said.values()) {
      if (more > 0) this.say(`${message}; likewise for ${more} more trajectories`);
    }
    this.#said.clear();
  }
}
