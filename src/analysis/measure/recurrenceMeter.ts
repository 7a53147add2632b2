import type { Tensor } from '@tensorflow/tfjs-core';
import type { Recurrence } from '../../report/report';
import { SquareAccumulator, type SquareState } from '../backend/unitStatistics';

/** What a `RecurrenceMeter` has seen, as plain data: one entry per step. */
export interface RecurrenceState {
  readonly states: readonly SquareState[];
  readonly given: readonly SquareState[];
  readonly left: readonly SquareState[];
}

/**
 * What happens within a recurrent layer from step to step: the size of its state, and of dLoss/d(state).
 *
 * The gradient that leaves a step backwards, over that which has entered it, is the factor of that step: their product is
 * how much of a gradient at the last step is left at the first, whatever reaches the steps between from outside.
 */
export class RecurrenceMeter {
  private readonly states: SquareAccumulator[] = [];
  /** By step: gradient of what the step was given, and of what it left. */
  private readonly given: SquareAccumulator[] = [];
  private readonly left: SquareAccumulator[] = [];

  /** Everything seen so far; stays the meter's own. */
  get state(): RecurrenceState {
    const { states, given, left } = this;
    return { states, given, left };
  }

  /** Adds what a meter of the same layer has seen of other samples. */
  merge(other: RecurrenceState): void {
    for (const kind of ['states', 'given', 'left'] as const) {
      // Steps that were not seen leave holes, which forEach passes over.
      other[kind].forEach((squares, step) => at(this[kind], step).merge(squares));
    }
  }

  /** @param states what a step has left, `[samples, ...]` each. */
  addStates(step: number, states: readonly Tensor[]): void {
    for (const state of states) at(this.states, step).add(state);
  }

  /** @param dy dLoss/d(state) for one of the states before or after the step. */
  addGradient(step: number, place: 'before' | 'after', dy: Tensor): void {
    at(place === 'before' ? this.given : this.left, step).add(dy);
  }

  /** Null where fewer than two steps were seen. */
  report(): Recurrence | null {
    const steps = this.states.length;
    if (steps < 2) return null;
    const [first, last] = [this.states[0].rootMeanSquare, this.states[steps - 1].rootMeanSquare];
    const finite = this.states.every(({ nonFinite }) => nonFinite === 0);
    return {
      steps,
      state: finite && first !== null && last !== null ? { first, last } : null,
      gradient: this.gradient(steps),
    };
  }

  private gradient(steps: number): Recurrence['gradient'] {
    let log = 0;
    for (let step = steps - 1; step > 0; step--) {
      const [left, given] = [this.left[step], this.given[step]];
      const missing = left === undefined || given === undefined;
      if (missing || left.nonFinite + given.nonFinite > 0) return null;
      // Where none enters the last step, nothing can be said; where none is left further back, it has been lost.
      if (left.sum === 0 && step === steps - 1) return null;
      if (left.sum === 0 || given.sum === 0) return { log10Change: null, perStep: 0 };
      log += 0.5 * Math.log10(given.sum / left.sum);
    }
    return { log10Change: log, perStep: 10 ** (log / (steps - 1)) };
  }
}

const at = (steps: SquareAccumulator[], step: number): SquareAccumulator => (steps[step] ??= new SquareAccumulator());
