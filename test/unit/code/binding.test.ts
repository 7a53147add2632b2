import { describe, expect, it } from 'vitest';
import { bestBinding, bind, SUFFICIENT_SCORE } from '../../../src/code/binding';
import { hover } from '../../../src/code/hover';
import { CodeDocument } from '../../../src/code/parser';
import type { LayerReport } from '../../../src/report/report';
import { layer, report } from '../render/reports';

const withLayers = (layers: readonly LayerReport[]) => ({ ...report(), layers });
const dense = (name: string, units: number, activation: string): LayerReport =>
  layer(name, { units, activation, outputShape: [units] });
const DIGITS = withLayers([
  layer('flatten', { className: 'Flatten', units: null, activation: null, dead: null }),
  {
    ...dense('dense_1', 128, 'relu'),
    silentUnits: [1, 2, 3],
    dead: { proved: [1], confident: [2, 3], suspected: [], dormant: [], activeAtMost: 0.006 },
  },
  dense('dense_2', 10, 'softmax'),
]);

const CODE = `import tensorflow as tf
def build():
    model = tf.keras.Sequential([
        tf.keras.layers.Flatten(input_shape=(28, 28)),
        tf.keras.layers.Dense(128, activation='relu'),
        tf.keras.layers.Dense(10, activation='softmax'),
    ])
    return model
other = tf.keras.Sequential([tf.keras.layers.Dense(64, activation='relu'), tf.keras.layers.Dense(2, activation='softmax')])
`;

describe('binding', () => {
  const { model } = new CodeDocument('python', CODE);

  it('is full for the same layers in the same order', () => {
    const [found] = model.definitions;
    const binding = bind(found, DIGITS);
    expect(binding.score).toBe(1);
    expect([...binding.layers.values()]).toEqual(['dense_1', 'dense_2']);
  });
  it('chooses the network that fits', () => {
    expect(bestBinding(model.definitions, DIGITS)?.definition.name).toBe('model');
    expect(bestBinding(model.definitions.slice(1), DIGITS)).toBeNull();
  });
  it('is weak for other sizes and kinds', () => {
    const wider = withLayers([dense('a', 256, 'relu'), dense('b', 10, 'softmax')]);
    expect(bind(model.definitions[0], wider).score).toBe(0.5);
    expect(bind(model.definitions[0], withLayers([layer('c', { className: 'Conv2D', units: 128 })])).score).toBe(0);
    expect(bind(model.definitions[0], withLayers([])).score).toBe(0);
  });
  it('follows names where the code gives them, and leaves a gap where a layer is new', () => {
    const code = `import * as tf from '@tensorflow/tfjs';
const model = tf.sequential();
model.add(tf.layers.dense({ name: 'first', units: size, activation: 'relu' }));
model.add(tf.layers.dense({ units: 7, activation: 'relu' }));
model.add(tf.layers.dense({ name: 'last', units: 3, activation: 'softmax' }));
`;
    const binding = bind(
      new CodeDocument('typescript', code).model.definitions[0],
      withLayers([dense('first', 20, 'relu'), dense('last', 3, 'softmax')]),
    );
    expect([...binding.layers]).toEqual([
      [1, 'first'],
      [3, 'last'],
    ]);
    // 2 of 3 and 2 of 2 layers: twice 2 over 5.
    expect(binding.score).toBeCloseTo(0.8, 12);
    expect(binding.score).toBeGreaterThan(SUFFICIENT_SCORE);
  });
});

describe('a hover with a diagnosis', () => {
  const document = new CodeDocument('python', CODE);
  const binding = bestBinding(document.model.definitions, DIGITS)!;
  const at = (text: string) =>
    hover(document.mentionAt(CODE.indexOf(text) + 2)!, document.lastFacts, {
      diagnosis: { report: DIGITS, binding },
      costs: new Map(),
    });

  it('begins with what was measured of this layer', () => {
    const { measured } = at("'relu'");
    expect(measured?.layer).toBe('dense_1');
    expect(measured?.lines[0]).toBe(
      `3 of 128 units were never active on ${DIGITS.probe.samples.toLocaleString('en-US')} samples, ` +
        '95% sure that none of them is active on more than 0.6% of inputs.',
    );
    expect(at('Dense(128').measured?.layer).toBe('dense_1');
    expect(at("'softmax'").measured?.layer).toBe('dense_2');
  });
  it('says nothing of networks that the diagnosis is not of', () => {
    const offset = CODE.lastIndexOf("'relu'") + 2;
    const content = hover(document.mentionAt(offset)!, document.lastFacts, {
      diagnosis: { report: DIGITS, binding },
      costs: new Map(),
    });
    expect(content.measured).toBeNull();
  });
});
