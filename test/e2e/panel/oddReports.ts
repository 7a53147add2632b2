/** Reports at the edge of what a report can be: hostile texts, nothing measured, no layers. */

import { reportOf, suggestion } from './reportBuilder';

const HOSTILE = `<img src=x onerror="globalThis.harmed=1">`;
const LONG = `model/${'a_very_long_block_name/'.repeat(13)}dense`.slice(0, 300);
export const hostile = reportOf({
  name: `</title><script>globalThis.harmed=1</script>${'x'.repeat(60)}`,
  path: `models/${HOSTILE}/${'deep/'.repeat(20)}model.json`,
  input: [null as unknown as number, 7],
  output: [1],
  parameters: 12,
  notes: [`The layer ${HOSTILE} names no initialiser.`, '</script><script>globalThis.harmed=1</script>'],
  layers: [
    { name: HOSTILE, activation: 'relu', units: 3, dead: { proved: 3 }, variance: 0, gradient: 0 },
    { name: LONG, className: `Custom${HOSTILE}`, activation: HOSTILE, units: 5000, variance: 1e-30, gradient: 1e30 },
    {
      name: '\u202egnp.esrever\u202c\n\ttabbed',
      activation: 'tanh',
      units: 4,
      variance: 1e30,
      gradient: 1e-30,
      nonFiniteUnits: 2,
    },
    {
      name: 'constructor',
      className: 'Lambda',
      role: 'opaque',
      units: null,
      variance: null,
      gradient: null,
      unknown: [`${HOSTILE} runs code of its own, which is not executed.`],
    },
    { name: '__proto__', activation: 'linear', units: 1, role: 'output' },
  ],
  findings: [
    {
      rule: 'dead-relu',
      severity: 'error',
      layer: HOSTILE,
      title: HOSTILE.slice(0, 34),
      measured: [`Of ${LONG} nothing is left: ${HOSTILE}.`],
      cause: { id: 'data', title: HOSTILE, explanation: LONG },
      why: HOSTILE,
      suggestions: [
        suggestion('x', HOSTILE.slice(0, 60), LONG, {
          tfjs: `// ${HOSTILE}\n${'x'.repeat(200)}`,
          keras: '# </pre><script>globalThis.harmed=1</script>',
        }),
      ],
    },
    {
      rule: 'non-finite',
      severity: 'error',
      layer: LONG,
      alsoIn: ['__proto__', 'constructor', 'no such layer'],
      title: '12 outputs not finite',
      measured: [],
      why: 'x',
    },
    {
      rule: 'symmetric-units',
      severity: 'warning',
      layer: 'no such layer',
      title: 'units are equal',
      measured: ['x'],
      why: 'x',
    },
  ],
});

/** Everything that can be null is null. */
export const unmeasured = reportOf({
  name: 'graph-model',
  input: [16],
  output: [2],
  parameters: 4_096,
  noBackward: 'The model uses MaxPoolWithArgmax, for which no gradient is known; only the forward pass was measured.',
  notes: ['The weights are quantised to 8 bits.'],
  layers: [
    {
      name: 'gather',
      className: 'GatherV2',
      role: 'opaque',
      units: null,
      gradient: null,
      unknown: ['GatherV2 has no gradient.'],
    },
    { name: 'matmul_1', activation: 'relu', units: 2000, gradient: null, dead: { suspected: 3 } },
    { name: 'matmul_2', activation: 'linear', units: 2, role: 'output', gradient: null, variance: null },
  ],
});

export const noLayers = reportOf({ name: 'empty', input: [1], output: [1], parameters: 0, layers: [] });
