import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Activation } from '../../report/activations';
import type { JsonPath, LayerReport, ModelSummary, WeightReport } from '../../report/report';

/**
 * A loaded model, ready to be measured: the seam between the model formats (one file each beside this one) and the
 * measurement, which knows only this interface. It owns its weights' tensors; `dispose` releases them.
 */
export interface Network {
  readonly summary: ModelSummary;
  readonly inputs: readonly NetworkInput[];
  /** Every layer call in execution order, found by a dry run on one sample. */
  readonly calls: readonly LayerCall[];
  /** Null when gradients can be taken; otherwise why not, one sentence. */
  readonly differentiable: string | null;

  /**
   * Runs the network in inference mode on a batch, one tensor `[samples, ...shape]` per input, showing the observer
   * every layer call in execution order. Every tensor that the observer returns takes the place of the one it was
   * shown, so that gradients flow through it. Must run inside `tf.tidy` (and inside a gradient scope for gradients).
   */
  trace(inputs: readonly Tensor[], observer: TraceObserver): TracedOutput[];

  /**
   * The first output of the layer of one call on inputs of any batch size, `[samples, ...]`, with its weights as they are
   * at the moment and without its activation, whose argument is returned. Unobserved and without masks, for layers that
   * call no others; must run inside `tf.tidy`. Null where the call cannot be executed alone, or not on so many samples.
   */
  execute(call: LayerCall, inputs: readonly Tensor[]): Tensor | null;

  dispose(): void;
}

export interface NetworkInput {
  readonly name: string;
  /** Shape of one sample; free dimensions have been given a sensible size. */
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  /** The batch size, where the model fixes one. */
  readonly batchSize: number | null;
  /** What a synthetic probe must look like: pixels in [0, 1], indices below `limit`, or anything. */
  readonly kind: 'image' | 'indices' | 'features';
  /** For images: the values that the network was made for, [0, 255] where its first layer rescales bytes, else [0, 1]. */
  readonly range: readonly [number, number] | null;
  /** For indices: one more than the largest valid index (an Embedding's `inputDim`); null where nothing says so. */
  readonly limit: number | null;
}

/** An activation in place of a layer's own. */
export type Substitute = 'relu' | 'linear';

export interface TraceObserver {
  /**
   * `z`, the argument of the layer's activation, `[samples, ...]`; of recurrent layers with the steps as positions, where
   * what is returned must have the same values, or once a step.
   */
  preActivation(call: LayerCall, z: Tensor): Tensor;
  /** Names another activation in place of the layer's own, or answers null to leave it; absent: all are left. */
  substitute?(call: LayerCall): Substitute | null;
  /** What a step of a recurrent layer has left, `[samples, ...]` each. Not shown of sequences with a mask, whose samples skip steps. */
  states?(call: LayerCall, step: number, states: readonly Tensor[]): void;
  /** `dy` is dLoss/d(state) of one of the states before or after a step; none arrives for those before the first. */
  stateGradient?(call: LayerCall, step: number, place: 'before' | 'after', dy: Tensor): void;
  /** The layer's output, `[samples, ...]`. `inputs` are what the call consumed. */
  output(call: LayerCall, a: Tensor, inputs: readonly Tensor[]): Tensor;
}

export interface TracedOutput {
  /** The call that produced the output; null when a model input is returned as it is. */
  readonly call: LayerCall | null;
  readonly tensor: Tensor;
}

/** Everything about one layer call that does not depend on the probe. */
export interface LayerCall {
  readonly name: string;
  readonly className: string;
  readonly inputs: readonly string[];
  readonly activation: Activation | null;
  readonly units: number | null;
  /** The axis of the output and pre-activation that counts units: the last, or 1 for channels-first convolutions. */
  readonly unitAxis: number;
  readonly outputShape: readonly number[];
  readonly parameters: number;
  readonly trainable: boolean;
  readonly role: LayerReport['role'];
  readonly jsonPath: JsonPath | null;
  readonly weights: readonly Weight[];
  /** For calls of a kind whose output repeats the units of the layer before (Dropout, Flatten, pooling, …): they are not judged for dead units. */
  readonly structural: boolean;
  /** How a recurrent layer is run: all steps of a sequence by one routine, or one after the other by tfjs; null for other layers. */
  readonly recurrence: 'whole' | 'stepwise' | null;
  /** Whether the output is that of the activation, entry by entry: a recurrent layer, also one that is repeated, makes more of it. */
  readonly endsInActivation: boolean;
  /** Why some part of this call can't be measured, one sentence each. */
  readonly unknown: readonly string[];
}

export interface Weight {
  /** The name within its layer: kernel, bias, … */
  readonly name: string;
  /** The live tensor; for layers models the variable that `trace` reads, so that assigning changes the network. */
  readonly value: Tensor | Variable;
  readonly trainable: boolean;
  readonly initializer: WeightReport['initializer'];
  readonly fanIn: number | null;
  readonly fanOut: number | null;
}
