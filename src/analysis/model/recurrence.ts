/** Runs recurrent layers of tfjs-layers 4.22.0, as a whole by ../backend/recurrence.ts where that can, for an observer to see. */

import { add, reshape, reverse, tidy, unstack, type Tensor } from '@tensorflow/tfjs-core';
import { canRecur, isCellActivation, recur, type CellKind, type RecurrentCell } from '../backend/recurrence';
import { tap } from '../backend/tape';
import { activationName, type Layer } from './layerFacts';
import type { LayerCall, Substitute, TraceObserver } from './network';

interface Variable {
  read(): Tensor;
}

/** Fields of recurrent layers and their cells that are not declared public. */
interface Recurrent {
  readonly cell: Cell;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
}
interface Activation {
  getClassName(): string;
}
interface Cell {
  readonly activation: Activation;
  /** Not of SimpleRNN. */
  readonly recurrentActivation?: Activation;
  readonly kernel: Variable;
  readonly recurrentKernel: Variable;
  readonly bias: Variable | null;
  getClassName(): string;
}

const KINDS: Readonly<Record<string, CellKind>> = {
  SimpleRNNCell: 'simple',
  LSTMCell: 'lstm',
  GRUCell: 'gru',
  ResetAfterGRUCell: 'gruResetAfter',
  TwoBiasLSTMCell: 'lstm',
};

/**
 * What the layer's `call` in inference mode answers on these inputs and options, with the observer looking on; null where it
 * has to go step by step: with a mask, for other cells and activations, and on the cpu.
 */
export function runRecurrent(
  layer: Layer,
  inputs: Tensor | Tensor[],
  options: Readonly<Record<string, unknown>>,
  call: LayerCall,
  observer: TraceObserver,
): Tensor | Tensor[] | null {
  const { cell, goBackwards, returnSequences, returnState } = layer as unknown as Recurrent;
  const given = Array.isArray(inputs) ? inputs[0] : inputs;
  if (options['mask'] != null || !canRecur()) return null;
  if (given.rank !== 3 || given.size === 0 || given.dtype !== 'float32') return null;
  const known = cellOf(cell, observer.substitute?.(call) ?? null);
  if (known === null) return null;
  return tidy(() => {
    const x = goBackwards ? reverse(given, 1) : given;
    const initial = (options['initialState'] ?? null) as Tensor[] | null;
    const [output, ...states] = recur(
      { cell: known, x, initial, everyStep: returnSequences },
      {
        argument: (z) => observer.preActivation(call, z),
        ...(observer.states && { states: (step, left) => observer.states!(call, step, left) }),
        ...(observer.stateGradient && {
          stateGradient: (step, place, dy) => observer.stateGradient!(call, step, place, dy),
        }),
      },
    );
    return returnState ? [output, ...states] : output;
  });
}

/** One step of a cell, on the input and its states, with the observer looking at those. */
export function runStep(
  inputs: readonly Tensor[],
  plain: (inputs: Tensor[]) => Tensor[],
  call: LayerCall,
  step: number,
  observer: TraceObserver,
): Tensor[] {
  const tapped = (place: 'before' | 'after', states: readonly Tensor[]): readonly Tensor[] =>
    observer.stateGradient === undefined
      ? states
      : states.map((state) => tap(state, (dy) => observer.stateGradient!(call, step, place, dy)));
  const [x, ...before] = inputs;
  const [output, ...after] = plain([x, ...tapped('before', before)]);
  observer.states?.(call, step, after);
  const shown = tapped('after', after);
  const place = after.indexOf(output);
  return [place === -1 ? output : shown[place], ...shown];
}

/** Null where it is of another kind. `substitute` takes the place of its activation. */
function cellOf(cell: Cell, substitute: Substitute | null): RecurrentCell | null {
  const name = cell.getClassName();
  if (!Object.hasOwn(KINDS, name)) return null;
  const activation = substitute ?? activationName(cell.activation);
  const gateActivation = name === 'SimpleRNNCell' ? 'linear' : activationName(cell.recurrentActivation!);
  if (!isCellActivation(activation) || !isCellActivation(gateActivation)) return null;
  const bias = cell.bias?.read() ?? null;
  const [first, second] =
    bias !== null && /TwoBias|ResetAfter/.test(name) ? unstack(reshape(bias, [2, -1])) : [bias, null];
  const kind = KINDS[name];
  return {
    kind,
    activation,
    gateActivation,
    kernel: cell.kernel.read(),
    recurrentKernel: cell.recurrentKernel.read(),
    bias: kind === 'lstm' && first !== null && second !== null ? add(first, second) : first,
    recurrentBias: kind === 'gruResetAfter' ? second : null,
  };
}
