/**
 * Back-propagation along the tape that tfjs records. tfjs's own holds every gradient, and all that the tape has saved, until
 * it has gone the whole way; this one releases both as it walks.
 */

import { add, engine, keep, onesLike, tidy, util, type Scalar, type Tensor } from '@tensorflow/tfjs-core';

/** An operation on the tape. */
interface TapeNode {
  readonly kernelName: string;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Tensor[];
  /** What `gradient` reads; the tape's own. */
  readonly saved: readonly Tensor[];
  readonly gradient?: (dys: (Tensor | null)[]) => Gradients;
}

/** By name of an input, what computes its gradient. */
type Gradients = Readonly<Record<string, () => Tensor>>;

/** Of the engine, what its types call private. */
interface Recorder {
  readonly state: { activeTape: readonly TapeNode[] | null; readonly activeScope: { readonly id: number } };
  startTape(): void;
  endTape(): void;
  addTapeNode(
    kernelName: string,
    inputs: TapeNode['inputs'],
    outputs: TapeNode['outputs'],
    gradient: (dy: Tensor) => Gradients,
    saved: TapeNode['saved'],
    attributes: object,
  ): void;
}

const recorder = (): Recorder => engine() as unknown as Recorder;

/** The values of `x` once more, without a copy and without a trace on the tape. */
export function sharing(x: Tensor): Tensor {
  const running = engine();
  running.backend.incRef(x.dataId);
  return running.makeTensorFromTensorInfo(x);
}

/** The same values as `x`; `onGradient` is shown what is back-propagated through here, summed over all uses. */
export function tap(x: Tensor, onGradient: (dy: Tensor) => void): Tensor {
  if (x.dtype !== 'float32') return x;
  const tapped = sharing(x);
  const gradient = (dy: Tensor): Gradients => {
    onGradient(dy);
    return { x: () => dy };
  };
  recorder().addTapeNode('Tap', { x }, [tapped], gradient, [], {});
  return tapped;
}

/** Where back-propagation ends. */
export interface Ends {
  /** Tensors that the run does not make, such as weights: `onGradient` is shown their gradients. */
  readonly leaves: readonly Tensor[];
  /** What `tap` has answered during the run. Nothing goes further back from there, but to other ends. */
  readonly taps: readonly Tensor[];
  readonly onGradient: (leaf: Tensor, dy: Tensor) => void;
}

/**
 * Runs `f` and back-propagates its answer, whose value it returns. Every leaf that the answer depends on is shown once, as
 * soon as its gradient is known. Throws where an operation on the way has no gradient.
 */
export function backPropagate(f: () => Scalar, ends: Ends): number {
  const { state } = recorder();
  const gradients = new GradientSums();
  try {
    return tidy(() => {
      const answer = record(f);
      const steps = stepsBack(state.activeTape!, answer, ends);
      gradients.add(answer, keep(onesLike(answer)));
      walk(steps, gradients, ends);
      return answer.dataSync()[0];
    });
  } finally {
    for (const { saved } of state.activeTape ?? []) release(saved);
    gradients.dispose();
    state.activeTape = null;
  }
}

function record(f: () => Scalar): Scalar {
  const tape = recorder();
  tape.startTape();
  try {
    return tidy(f);
  } finally {
    tape.endTape();
  }
}

/** An operation to go back through, with those of its inputs that lead on to an end. */
interface Step {
  readonly node: TapeNode;
  readonly inputs: readonly (readonly [name: string, tensor: Tensor])[];
}

/** Every operation between the answer and the ends, the last one first. Releases what is saved for the others. */
function stepsBack(tape: readonly TapeNode[], answer: Tensor, { leaves, taps }: Ends): Step[] {
  const fromEnds = new Set([...leaves, ...taps].map(({ id }) => id));
  const steps: Step[] = [];
  for (const node of tape) {
    const inputs = Object.entries(node.inputs).filter(([, { id }]) => fromEnds.has(id));
    if (inputs.length > 0) for (const { id } of node.outputs) fromEnds.add(id);
    if (node.outputs.some(({ id }) => fromEnds.has(id))) steps.push({ node, inputs });
    else release(node.saved);
  }
  const toAnswer = new Set([answer.id]);
  return steps.reverse().filter(({ node, inputs }) => {
    const between = node.outputs.some(({ id }) => toAnswer.has(id));
    if (between) for (const [, { id }] of inputs) toAnswer.add(id);
    else release(node.saved);
    return between;
  });
}

function walk(steps: readonly Step[], gradients: GradientSums, { leaves, onGradient }: Ends): void {
  const leafOf = new Map(leaves.map((leaf) => [leaf.id, leaf]));
  /** Steps to come that add to the gradient of a leaf. */
  const awaited = new Map<number, number>();
  const wait = (id: number, change: number): number => {
    const count = (awaited.get(id) ?? 0) + change;
    awaited.set(id, count);
    return count;
  };
  for (const { inputs } of steps) for (const [, { id }] of inputs) wait(id, 1);
  for (const step of steps) {
    // What the operations of a gradient leave behind ends with this scope.
    engine().startScope();
    try {
      goBack(step, gradients);
      for (const [, { id }] of step.inputs) {
        const leaf = wait(id, -1) === 0 ? leafOf.get(id) : undefined;
        const dy = leaf && gradients.take(leaf);
        if (leaf && dy) show(leaf, dy, onGradient);
      }
    } finally {
      engine().endScope();
    }
    release(step.node.saved);
  }
}

function show(leaf: Tensor, dy: Tensor, onGradient: Ends['onGradient']): void {
  try {
    onGradient(leaf, dy);
  } finally {
    dy.dispose();
  }
}

/** From the gradients of an operation's outputs, which end here, to those of its inputs. */
function goBack({ node, inputs }: Step, gradients: GradientSums): void {
  const { kernelName, outputs, gradient } = node;
  const dys = outputs.map((output) => gradients.take(output));
  const own = new Set(dys.filter((dy) => dy !== null));
  try {
    if (own.size === 0) return;
    if (gradient === undefined) throw new Error(`The operation ${kernelName} has no gradient.`);
    const scope = recorder().state.activeScope.id;
    const computed = gradient(dys);
    for (const [name, input] of inputs) {
      if (!Object.hasOwn(computed, name)) throw new Error(`The operation ${kernelName} has no gradient for "${name}".`);
      const dx = computed[name]();
      if (dx.dtype !== 'float32' || !util.arraysEqual(dx.shape, input.shape)) {
        throw new Error(`The gradient of ${kernelName} for "${name}" is ${dx.dtype} [${dx.shape.join()}].`);
      }
      // It may be what has come from behind, handed on once, or a tensor of somebody else's.
      const fresh = dx.scopeId === scope && !dx.kept;
      gradients.add(input, own.delete(dx) ? dx : keep(fresh ? dx : dx.clone()));
    }
  } finally {
    release(own);
  }
}

/** Sums of the gradients that have arrived at tensors, kept until they are taken. */
class GradientSums {
  private readonly sums = new Map<number, Tensor>();

  /** Takes over `dx`, which is kept. */
  add({ id }: Tensor, dx: Tensor): void {
    const before = this.sums.get(id);
    this.sums.set(id, before === undefined ? dx : keep(add(before, dx)));
    if (before !== undefined) release([before, dx]);
  }

  /** Null where none has arrived. */
  take({ id }: Tensor): Tensor | null {
    const sum = this.sums.get(id) ?? null;
    this.sums.delete(id);
    return sum;
  }

  dispose(): void {
    release(this.sums.values());
  }
}

/** For many small collections: `dispose` of tfjs looks for tensors at any depth. */
function release(tensors: Iterable<Tensor>): void {
  for (const tensor of tensors) tensor.dispose();
}
