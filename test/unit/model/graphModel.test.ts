import { beforeAll, describe, expect, it } from 'vitest';
import { loadGraphModel } from '../../../src/analysis/model/graphModel';
import { loadNetwork } from '../../../src/analysis/model/load';
import { memoryFolder } from '../probe/memoryFolder';
import { startTestBackend } from '../measure/networks';
import { graphFolder, loadGraph, node, type NodeFixture, placeholder } from './graphFile';
import { type Json, weightsOf } from './savedFiles';

beforeAll(startTestBackend);

const weights = weightsOf({ w: [3, 4] });
const x = placeholder('x', [-1, 3]);
const refused = (nodes: readonly unknown[], code: string, message: RegExp, more: Json = {}) =>
  expect(loadGraph(nodes as readonly NodeFixture[], weights, more)).rejects.toMatchObject({
    name: 'DiagnosisError',
    code,
    message: expect.stringMatching(message) as string,
  });

describe('a graph that is none', () => {
  it.each<[string, readonly unknown[], RegExp]>([
    ['nodes without a name', [x, { op: 'Relu' }], /has no name/],
    ['nodes that are no objects', [x, 7], /has no name/],
    ['two nodes of one name', [x, node('y', 'Relu', ['x']), node('y', 'Relu', ['x'])], /Two nodes .* "y"/],
    ['inputs that are not there', [x, node('y', 'Relu', ['gone'])], /input "gone", which is not in the graph/],
    ['control inputs that are not there', [x, node('y', 'Relu', ['x', '^gone'])], /input "\^gone"/],
    ['inputs that are no list', [x, { name: 'y', op: 'Relu', input: 'x' }], /inputs of the node "y" are not a list/],
    ['inputs that are no names', [x, { name: 'y', op: 'Relu', input: [{}] }], /is not a name/],
    [
      'attributes that are no object',
      [x, { name: 'y', op: 'Relu', input: ['x'], attr: [] }],
      /attributes of the node "y"/,
    ],
    ['ops that are no names', [x, { name: 'y', op: 3, input: ['x'] }], /has no op/],
    ['ops that every object has', [x, node('y', 'constructor', ['x'])], /has no op/],
    ['a node that waits for itself', [x, node('y', 'AddV2', ['x', 'y'])], /no output/],
    [
      'nodes in a ring',
      [x, node('a', 'AddV2', ['x', 'b']), node('b', 'Relu', ['a']), node('y', 'Relu', ['b'])],
      /waits for itself/,
    ],
    [
      'a ring of nodes that hand on',
      [x, node('a', 'Identity', ['b']), node('b', 'Identity', ['a']), node('y', 'Relu', ['a'])],
      /waits for itself/,
    ],
  ])('has %s', (_what, nodes, message) => refused(nodes, 'invalid-topology', message));

  it('names an output that is not there', () =>
    refused([x, node('y', 'Relu', ['x'])], 'invalid-topology', /output "gone:0"/, {
      signature: { outputs: { y: { name: 'gone:0' } } },
    }));

  it('has no nodes', async () => {
    const empty = memoryFolder({
      'model.json': JSON.stringify({ format: 'graph-model', modelTopology: { node: [] } }),
    });
    await expect(loadNetwork(empty, 'model.json')).rejects.toMatchObject({ code: 'not-a-model' });
  });

  it('has a million nodes', () =>
    refused(
      Array.from({ length: 1e6 }, (_, i) => ({ name: `n${i}`, op: 'Relu', input: i === 0 ? [] : [`n${i - 1}`] })),
      'unsupported-format',
      /1000001 nodes/,
    ));

  it('has constants without values', () =>
    refused([x, { name: 'c', op: 'Const' }, node('y', 'MatMul', ['x', 'c'])], 'weights-mismatch', /constant "c"/));

  it('has nothing to measure', () =>
    refused([x, node('y', 'Neg', ['x'])], 'unsupported-format', /no activations and no weights/));

  it.each([
    [placeholder('x', []), /does not say how many samples/],
    [placeholder('x', [-1, 0]), /does not say how many samples/],
    [{ name: 'x', op: 'Placeholder' }, /does not say how many samples/],
    [placeholder('x', [-1], 'DT_STRING'), /takes text/],
  ])('has inputs that no numbers fit: %j', (input, message) =>
    refused([input, node('y', 'Relu', ['x'])], 'unsupported-format', message),
  );
});

it('reads names that every object has, and is not changed by them', async () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
  const network = await loadGraph(
    [x, ...names.map((name, i) => node(name, 'Relu', [i === 0 ? 'x' : names[i - 1]]))],
    [],
  );
  expect(network.calls.map(({ name }) => name)).toEqual(names);
  network.dispose();
});

it('hands a chain of twenty thousand nodes on without recursion', async () => {
  const chain = Array.from({ length: 19_000 }, (_, i) => node(`i${i}`, 'Identity', [i === 0 ? 'x' : `i${i - 1}`]));
  const network = await loadGraph([x, ...chain, node('y', 'Relu', ['i18999'])]);
  expect(network.calls).toMatchObject([{ name: 'y', inputs: ['x'] }]);
  network.dispose();
});

it('reads the signature wherever converters have put it, and goes without one', async () => {
  const dim = [{ size: '-1' }, { size: '4' }];
  const signature = {
    inputs: { data: { name: 'x:0', dtype: 'DT_FLOAT', tensorShape: { dim: [{ size: '-1' }, { size: '3' }] } } },
    outputs: { score: { name: 'end:0', dtype: 'DT_FLOAT', tensorShape: { dim } } },
  };
  const nodes = [
    { name: 'x', op: 'Placeholder', attr: {} },
    node('y', 'MatMul', ['x', 'w']),
    node('end', 'Identity', ['y']),
    node('other', 'Neg', ['y']),
  ];
  const read = async (inputs: readonly NodeFixture[], more: Json) => {
    const folder = graphFolder(inputs, weights, more);
    const json: unknown = JSON.parse(new TextDecoder().decode(await folder.read('model.json')));
    return (await loadGraphModel(folder, 'model.json', json)).summary;
  };
  for (const more of [{ signature }, { userDefinedMetadata: { signature } }]) {
    expect(await read(nodes, { ...more, generatedBy: 'TF 2', convertedBy: 'converter' })).toEqual({
      file: { path: 'model.json', format: 'tfjs-graph', generatedBy: 'TF 2', convertedBy: 'converter', notes: [] },
      name: 'model',
      className: 'GraphModel',
      parameters: 12,
      inputs: [{ name: 'x', shape: [null, 3], dtype: 'float32' }],
      outputs: [{ name: 'score', shape: [null, 4], dtype: 'float32' }],
      training: null,
    });
  }
  const { outputs } = await read([x, ...nodes.slice(1)], {});
  expect(outputs.map(({ name }) => name)).toEqual(['end', 'other']);
});
