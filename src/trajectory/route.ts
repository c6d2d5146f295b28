/** How a trajectory gets from one checkpoint to the next: forward by training, backward to a state that is kept. */
import type { TrajectoryTask } from '../domain/messages.js';
import { HAS_EQUAL_BITS } from '../engine/numerics.js';
import { KeptStates } from './kept-states.js';
import type { Session } from './session.js';

/** A state costs as much as a few iterations, and more in memory that is not yet touched: closer ones do not pay. */
const ITERATIONS_APART = 32;

/** Without a refinement checkpoints only ascend, and no state is kept. */
export class Route {
  /** Iterations at which states may be kept, ascending. */
  private readonly stops: readonly number[];
  private readonly states: KeptStates;
  private readonly isExact: boolean;

  constructor(
    { refinement, config, snapshot }: TrajectoryTask,
    private readonly session: Session,
  ) {
    this.stops = refinement?.fine ?? [];
    this.states = new KeptStates(refinement?.keptStates ?? 0);
    this.isExact = HAS_EQUAL_BITS.has(config.engine);
    if (refinement && snapshot && session.t > 0) this.keep();
  }

  /** Moves to the nearest known state at or before iteration t, if that is nearer than the present one. */
  goBackTo(t: number): void {
    const { session } = this;
    const nearest = this.states.nearest(t);
    const isAhead = session.t <= t && session.t >= (nearest?.t ?? 0);
    if (!isAhead) session.restore(nearest);
  }

  /**
   * Trains to iteration t, or to the next stop on the way, or until about `forMs` have passed.
   *
   * @throws as `Session.trainTo`; Error if the state at a stop is not what it was the first time.
   */
  trainTowards(t: number, forMs: number): void {
    const { session, stops } = this;
    const next = stops.find(stop => stop > session.t) ?? t;
    session.trainTo(Math.min(next, t), forMs);
    if (stops.includes(session.t) && this.pays(session.t)) this.keep();
  }

  private pays(t: number): boolean {
    const before = this.states.nearest(t)?.t ?? 0;
    return t === before || t - before >= ITERATIONS_APART;
  }

  private keep(): void {
    const { t, network } = this.session;
    const state = network.state(this.states.spare());
    if (this.isExact && this.states.differs(t, state))
      throw new Error(`training reached another state at iteration ${t} than the first time`);
    this.states.keep(t, state);
  }
}
