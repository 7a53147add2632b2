import { describe, expect, it } from 'vitest';
import { locateLayers } from '../../../src/editor/layerLocation';

const MODEL = {
  format: 'layers-model',
  modelTopology: {
    model_config: {
      class_name: 'Sequential',
      config: {
        name: 'class_name',
        layers: [
          { class_name: 'Dense', config: { name: 'first', class_name: 'not the layer' } },
          { name: 'second "é" 😀', config: { class_name: 'inner' }, class_name: 'Dense' },
        ],
      },
    },
    node: [{ name: 'relu/1', op: 'Relu' }, { op: 'Relu' }, { attr: 1 }],
  },
};
const LAYERS = ['modelTopology', 'model_config', 'config', 'layers'];
const NODES = ['modelTopology', 'node'];

function textAt(text: string, path: (string | number)[]): string | undefined {
  const span = locateLayers(text, [path]).get(JSON.stringify(path));
  return span && text.split('\n')[span.line].slice(span.start, span.end);
}

describe.each([
  ['on one line', JSON.stringify(MODEL)],
  ['on many lines', JSON.stringify(MODEL, null, 2)],
])('locateLayers, a file %s', (_, text) => {
  it('finds the class name of a layer, not that of something inside it', () => {
    expect(textAt(text, [...LAYERS, 0])).toBe('"Dense"');
    const spans = locateLayers(text, [
      [...LAYERS, 0],
      [...LAYERS, 1],
    ]);
    const [first, second] = [...spans.values()];
    expect(first).not.toEqual(second);
  });

  it('finds the entry at the path, wherever the class name stands in it', () => {
    const path = [...LAYERS, 1];
    const span = locateLayers(text, [path]).get(JSON.stringify(path))!;
    const before = text.split('\n').slice(0, span.line).join('\n') + text.split('\n')[span.line].slice(0, span.start);
    expect(before.lastIndexOf('"inner"')).toBeGreaterThan(before.lastIndexOf('second'));
  });

  it('takes the name where there is no class, then the op, then the object itself', () => {
    expect(textAt(text, [...NODES, 0])).toBe('"relu/1"');
    expect(textAt(text, [...NODES, 1])).toBe('"Relu"');
    expect(textAt(text, [...NODES, 2])).toBe('{');
  });

  it('leaves out what is not there', () => {
    expect(locateLayers(text, [[...LAYERS, 2], ['nothing']]).size).toBe(0);
  });
});

describe('locateLayers', () => {
  it('keeps what it found in a file that ends early', () => {
    const text = JSON.stringify(MODEL).split('"second')[0];
    expect(textAt(text, [...LAYERS, 0])).toBe('"Dense"');
  });

  it('survives a file that nests endlessly', () => {
    expect(locateLayers(`${'{"a":'.repeat(200_000)}`, [['b']]).size).toBe(0);
  });
});
