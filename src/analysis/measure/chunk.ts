/** Measures one batch of samples, on its own: what it shows is plain data, which chunks in order of their samples add up to. */

import * as tf from '@tensorflow/tfjs-core';
import { SquareAccumulator, type SquareState } from '../backend/unitStatistics';
import type { LayerCall, Network } from '../model/network';
import type { Probe, ProbeBatch } from '../probe/probe';
import { metersOf, type CallMeasurement, type CallMeter } from './callMeter';
import { randomCotangent } from './cotangent';
import { lossNamed } from './losses';
import { forward, forwardBackward, uniqueWeights, type Heads, type PassObserver } from './pass';
import { RANK_SAMPLES } from './signalMeter';

/** What all chunks of a measurement have in common. */
export interface ChunkSetup {
  readonly seed: number;
  /** Shape of one sample, per input of the network. */
  readonly inputShapes: readonly (readonly number[])[];
  /** Shape of one label, per output; null without labels. */
  readonly labelShapes: Probe['labelShapes'];
  /** The model's own loss, per output; null for outputs without one, and none where there is nothing to compare with. */
  readonly losses: readonly (string | null)[];
}

export interface Chunk {
  /** Samples that come before. */
  readonly first: number;
  readonly batch: ProbeBatch;
  /** Whether it is back-propagated too. */
  readonly backward: boolean;
}

/** What one chunk has shown. */
export interface ChunkMeasurement {
  readonly samples: number;
  readonly backward: boolean;
  /** One per call of the network. */
  readonly calls: readonly CallMeasurement[];
  /** One per weight that a gradient can be taken for; null where none arrived. */
  readonly gradients: readonly (SquareState | null)[];
  /** Of the model's own loss, summed over samples; null where it was not computed. */
  readonly loss: { readonly sum: number; readonly gradients: readonly (Float32Array | null)[] } | null;
}

/** The batch size, where the model fixes one. */
export const fixedBatch = ({ inputs }: Network): number | null =>
  inputs.map(({ batchSize }) => batchSize).find((size) => size !== null) ?? null;

/** Shows the network one chunk. */
export function measureChunk(network: Network, setup: ChunkSetup, chunk: Chunk): ChunkMeasurement {
  const pass = new ChunkPass(network, setup, chunk);
  try {
    return pass.measure();
  } finally {
    pass.dispose();
  }
}

class ChunkPass {
  private readonly meters: ReadonlyMap<string, CallMeter>;
  private readonly inputs: readonly tf.Tensor[];

  constructor(
    private readonly network: Network,
    private readonly setup: ChunkSetup,
    private readonly chunk: Chunk,
  ) {
    this.meters = metersOf(network, Math.max(0, RANK_SAMPLES - chunk.first));
    this.inputs = this.tensors(chunk.batch);
  }

  measure(): ChunkMeasurement {
    const { network, chunk } = this;
    const { batch, backward } = chunk;
    if (!backward) forward(network, this.inputs, this.forwardObserver());
    const gradients = backward ? this.backward() : [];
    const loss =
      backward && batch.labels !== null && this.setup.losses.length > 0 ? this.backwardLoss(batch.labels) : null;
    const calls = network.calls.map((call) => this.meter(call).measurement);
    return { samples: batch.samples, backward, calls, gradients, loss };
  }

  dispose(): void {
    for (const meter of this.meters.values()) meter.dispose();
    tf.dispose([...this.inputs]);
  }

  /** One tensor per input; where the model fixes its batch size, samples are repeated to fill it. */
  private tensors({ inputs, samples }: ProbeBatch): tf.Tensor[] {
    const fixed = fixedBatch(this.network);
    return tf.tidy(() =>
      this.network.inputs.map(({ dtype }, k) => {
        const tensor = tf.tensor(inputs[k], [samples, ...this.setup.inputShapes[k]], dtype);
        if (fixed === null || fixed === samples) return tensor;
        const rows = Array.from({ length: fixed }, (_, row) => row % samples);
        return tf.gather(tensor, tf.tensor1d(rows, 'int32'));
      }),
    );
  }

  private meter(call: LayerCall): CallMeter {
    return this.meters.get(call.name)!;
  }

  /** The rows of the chunk's own samples: what follows are repetitions that fill the batch. */
  private own(tensor: tf.Tensor): tf.Tensor {
    const { samples } = this.chunk.batch;
    return tensor.shape[0] === samples ? tensor : tf.slice(tensor, 0, samples);
  }

  private forwardObserver(): PassObserver {
    return {
      preActivation: (call, z) => this.meter(call).addPreActivation(this.own(z)),
      output: (call, a) => this.meter(call).addOutput(this.own(a)),
    };
  }

  /** Squares of the gradients of the weights. */
  private backward(): (SquareState | null)[] {
    const observer: PassObserver = {
      ...this.forwardObserver(),
      preActivationGradient: (call, dy) => this.meter(call).preActivationGradient.add(this.own(dy)),
      outputGradient: (call, dy) => this.meter(call).outputGradient.add(this.own(dy)),
      states: (call, step, states) => {
        const own = states.map((state) => this.own(state));
        this.meter(call).recurrence.addStates(step, own);
      },
      stateGradient: (call, step, place, dy) => this.meter(call).recurrence.addGradient(step, place, this.own(dy)),
    };
    // A fresh vector for every sample: its seed depends on the sample's place only, not on the cut into chunks.
    const cotangents = (heads: Heads): tf.Scalar => {
      const logits = heads.logits.map((z) => (z === null ? null : this.own(z)));
      return randomCotangent({ ...heads, logits }, this.setup.seed, this.chunk.first);
    };
    const squares = new Map<tf.Tensor, SquareAccumulator>();
    forwardBackward(this.network, this.inputs, cotangents, observer, (weight, gradient) => {
      const accumulator = new SquareAccumulator();
      accumulator.add(gradient);
      squares.set(weight, accumulator);
    });
    return uniqueWeights(this.network).map((weight) => squares.get(weight) ?? null);
  }

  /** The model's own loss: its sum over samples, and the gradients of that. */
  private backwardLoss(labels: readonly Float32Array[]): ChunkMeasurement['loss'] {
    const { labelShapes, losses } = this.setup;
    const { samples } = this.chunk.batch;
    const loss = ({ outputs, calls }: Heads): tf.Scalar => {
      const terms = outputs.flatMap((output, k) => {
        const name = losses[k];
        const own = name === null ? null : lossNamed(name, calls[k]?.activation?.name ?? null);
        if (own === null) return [];
        const targets = tf.tensor(labels[k], [samples, ...labelShapes![k]]);
        return [own(targets, this.own(output))];
      });
      return tf.mul(
        terms.reduce((a, b) => tf.add(a, b)),
        samples,
      );
    };
    const observer: PassObserver = {
      outputGradient: (call, dy) => this.meter(call).lossGradient.add(this.own(dy)),
    };
    const gradients = new Map<tf.Tensor, Float32Array>();
    const sum = forwardBackward(this.network, this.inputs, loss, observer, (weight, gradient) => {
      gradients.set(weight, gradient.dataSync<'float32'>());
    });
    return { sum, gradients: uniqueWeights(this.network).map((weight) => gradients.get(weight) ?? null) };
  }
}
