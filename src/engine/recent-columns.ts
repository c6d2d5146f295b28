/** Columns of matrices over neurons, of which those that were not used for longest are dropped. */
export class RecentColumns<C> {
  /** A Map keeps the order of insertion: the column used last is at the end. */
  readonly #columns = new Map<number, C>();

  has(neuron: number): boolean {
    return this.#columns.has(neuron);
  }

  add(neuron: number, column: C): void {
    this.#columns.set(neuron, column);
  }

  /** A column that is there. */
  use(neuron: number): C {
    const column = this.#columns.get(neuron)!;
    this.#columns.delete(neuron);
    this.#columns.set(neuron, column);
    return column;
  }

  /** Drops columns until at most so many are left. */
  dropTo(most: number): void {
    for (const neuron of this.#columns.keys()) {
      if (this.#columns.size <= most) break;
      this.#columns.delete(neuron);
    }
  }
}
