/** Recurrent layers of tfjs-layers 4.22.0 that ../backend/recurrence.ts can run as a whole. */

import { add, reshape, reverse, tidy, unstack, type Tensor } from '@tensorflow/tfjs-core';
import {
  canRecur,
  isCellActivation,
  recur,
  type CellKind,
  type RecurrenceObserver,
  type RecurrentCell,
} from '../backend/recurrence';
import { activationName, type Layer } from './layerFacts';
import type { Substitute } from './network';

interface Variable {
  read(): Tensor;
}

/** Fields of recurrent layers and their cells that are not declared public. */
interface Recurrent {
  readonly cell?: Cell;
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
 * What the layer's `call` in inference mode answers on these inputs and options; null where it has to be run step by step:
 * with a mask, for other cells and activations, and on the cpu. `substitute` takes the place of the activation.
 */
export function runRecurrent(
  layer: Layer,
  inputs: Tensor | Tensor[],
  options: Readonly<Record<string, unknown>>,
  substitute: Substitute | null,
  observer: RecurrenceObserver,
): Tensor | Tensor[] | null {
  const { cell, goBackwards, returnSequences, returnState } = layer as unknown as Recurrent;
  const x = Array.isArray(inputs) ? inputs[0] : inputs;
  if (cell === undefined || options['mask'] != null || !canRecur()) return null;
  if (x.rank !== 3 || x.size === 0 || x.dtype !== 'float32') return null;
  const known = cellOf(cell, substitute);
  if (known === null) return null;
  return tidy(() => {
    const initial = (options['initialState'] ?? null) as Tensor[] | null;
    const call = { cell: known, x: goBackwards ? reverse(x, 1) : x, initial, everyStep: returnSequences };
    const [output, ...states] = recur(call, observer);
    return returnState ? [output, ...states] : output;
  });
}

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
