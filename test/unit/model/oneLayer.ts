/** A model of one layer, built as from a file, with its forward pass and a check of its gradients. */

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { expect } from 'vitest';
import { buildModel, disposeModel } from '../../../src/analysis/model/modelBuilder';
import { seededRandom } from '../backend/support';

export type Values = readonly number[];

export interface Input {
  readonly shape: readonly number[];
  readonly values: Values;
}

export interface OneLayerOptions {
  readonly kerasVersion3?: boolean;
  /** Arguments by name. */
  readonly options?: Record<string, unknown>;
  /** More of the layer's JSON than class and configuration. */
  readonly more?: Record<string, unknown>;
}

/** Standard normal values, `[2, ...shape]`. */
export function randomInput(shape: readonly number[], seed = 1): Input {
  const all = [2, ...shape];
  return { shape: all, values: Array.from(seededRandom(seed).normals(all.reduce((a, b) => a * b, 1))) };
}

export class OneLayer {
  readonly model: LayersModel;
  readonly notes: string[] = [];

  constructor(
    className: string,
    config: Record<string, unknown>,
    private readonly inputs: readonly Input[],
    { kerasVersion3 = false, options = {}, more = {} }: OneLayerOptions = {},
  ) {
    const names = inputs.map((_, i) => `input_${i}`);
    const json = {
      class_name: 'Functional',
      config: {
        name: 'net',
        layers: [
          ...inputs.map(({ shape }, i) => ({
            class_name: 'InputLayer',
            name: names[i],
            config: { name: names[i], batch_input_shape: [null, ...shape.slice(1)], dtype: 'float32' },
            inbound_nodes: [],
          })),
          {
            class_name: className,
            name: 'layer',
            config: { name: 'layer', ...config },
            inbound_nodes: [names.map((name, i) => [name, 0, 0, i === 0 ? options : {}])],
            ...more,
          },
        ],
        input_layers: names.map((name) => [name, 0, 0]),
        output_layers: [['layer', 0, 0]],
      },
    };
    this.model = buildModel(json, [], { kerasVersion3, savedValues: 10_000, notes: this.notes }).model;
    const random = seededRandom(7);
    for (const variable of this.model.weights) {
      const values = random.normals(variable.shape.reduce<number>((a, b) => a * Number(b), 1)).map((v) => v * 0.5);
      // Variances are positive.
      this.assign(
        variable.originalName,
        /variance/.test(variable.originalName) ? values.map((v) => v * v + 0.1) : values,
      );
    }
  }

  /** The weight whose name ends in `name`, as a flat list. */
  weight(name: string): number[] {
    return Array.from(this.variable(name).read().dataSync());
  }

  assign(name: string, values: Float32Array): void {
    const variable = this.variable(name);
    tf.tidy(() => (variable.read() as tf.Variable).assign(tf.tensor(values, variable.shape.map(Number))));
  }

  private variable(name: string) {
    const found = this.model.weights.find(({ originalName }) => originalName.endsWith(name));
    if (found === undefined)
      throw new Error(`no weight ${name} in ${this.model.weights.map((w) => w.originalName).join()}`);
    return found;
  }

  get weightShapes(): Record<string, (number | null)[]> {
    return Object.fromEntries(
      this.model.weights.map(({ originalName, shape }) => [originalName.replace(/^layer\//, ''), shape]),
    );
  }

  /** Calls the layer with the arguments of its call in the file, as LayersNetwork does; `LayersModel.apply` drops them. */
  private run(inputs: readonly tf.Tensor[]): tf.Tensor {
    const layer = this.model.layers[this.model.layers.length - 1];
    const { callArgs } = layer.inboundNodes[0] as unknown as { callArgs: Record<string, unknown> };
    return layer.apply(inputs.length === 1 ? inputs[0] : [...inputs], { ...callArgs, training: false }) as tf.Tensor;
  }

  /** The output; its shape must be the one that the layer announced. */
  output(): { shape: number[]; values: number[] } {
    return tf.tidy(() => {
      const output = this.run(this.inputs.map(({ values, shape }) => tf.tensor([...values], [...shape])));
      expect(output.shape.slice(1)).toEqual(this.model.outputs[0].shape.slice(1));
      return { shape: output.shape, values: Array.from(output.dataSync()) };
    });
  }

  /** Central differences of a random weighting of the output, by a spread of inputs and weights, against the gradient. */
  expectGradients(tolerance = 2e-3, step = 1e-2): void {
    const random = seededRandom(11);
    const size = this.output().values.length;
    const weighting = random.normals(size);
    const points = this.inputs.map(({ values }) => [...values]);
    const loss = (): number => {
      const { values } = this.outputAt(points);
      return values.reduce((sum, value, i) => sum + value * weighting[i], 0);
    };
    const compare = (gradient: Float32Array, values: number[], change: (values: number[]) => void): void => {
      // Every value of small tensors, some of large ones.
      const stride = Math.max(1, Math.floor(values.length / 24));
      for (let i = 0; i < values.length; i += stride) {
        const original = values[i];
        const at = (value: number): number => {
          values[i] = value;
          change(values);
          return loss();
        };
        const difference = (at(original + step) - at(original - step)) / (2 * step);
        at(original);
        expect(Math.abs(gradient[i] - difference)).toBeLessThan(tolerance * Math.max(1, Math.abs(difference)));
      }
    };
    const variables = this.model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const gradients = tf.tidy(() => {
      const f = (...tensors: tf.Tensor[]): tf.Scalar =>
        tf.sum(tf.mul(tf.reshape(this.run(tensors), [-1]), tf.tensor1d(weighting)));
      const xs = this.inputs.map(({ values, shape }) => tf.tensor([...values], [...shape]));
      const byInput = tf
        .grads(f)(xs)
        .map((tensor) => tensor.dataSync() as Float32Array);
      const byName = variables.length === 0 ? {} : tf.variableGrads(() => f(...xs), variables).grads;
      return { byInput, byWeight: variables.map(({ name }) => byName[name].dataSync() as Float32Array) };
    });
    gradients.byInput.forEach((gradient, k) => compare(gradient, points[k], () => undefined));
    this.model.trainableWeights.forEach((weight, k) => {
      const values = Array.from(variables[k].dataSync());
      compare(gradients.byWeight[k], values, (changed) => this.assign(weight.originalName, Float32Array.from(changed)));
    });
  }

  private outputAt(points: readonly Values[]): { values: number[] } {
    return tf.tidy(() => {
      const inputs = points.map((values, i) => tf.tensor([...values], [...this.inputs[i].shape]));
      return { values: Array.from(this.run(inputs).dataSync()) };
    });
  }

  dispose(): void {
    disposeModel(this.model);
  }
}

export function expectValues(actual: readonly number[], expected: readonly number[], tolerance = 1e-5): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => expect(Math.abs(value - expected[i]), `value ${i}`).toBeLessThan(tolerance));
}
