import type { LayerUse } from '../facts';
import { setArgument } from './arguments';
import { fixOf, type Fix, type TextEdit } from './edits';
import { pathTo, quoteOf, sibling, slice, type Source } from './source';

const TITLES = { he: 'He', glorot: 'Glorot' };

/** Sets the kernel initialiser of layers to He's or Glorot's. */
export function setInitializers(
  id: string,
  layers: readonly LayerUse[],
  family: 'he' | 'glorot',
  source: Source,
): readonly Fix[] {
  const where = layers.length === 1 ? 'this layer' : `these ${layers.length} layers`;
  return fixOf(
    id,
    `Use ${TITLES[family]} initialization in ${where}`,
    layers.map((layer) => editsFor(layer, family, source)),
  );
}

function editsFor(layer: LayerUse, family: 'he' | 'glorot', source: Source): readonly TextEdit[] | null {
  if (layer.library === 'torch') return editsForTorch(layer, family, source);
  const quote = quoteOf(source);
  // tfjs truncates its normal initialisers without correcting their variance (tensorflow/tfjs#8594).
  const name = layer.library === 'tfjs' ? `${family}Uniform` : family === 'he' ? 'he_normal' : 'glorot_uniform';
  return setArgument(layer, 'kernel_initializer', `${quote}${name}${quote}`, source);
}

/** Rewrites the call that initialises the weight: `nn.init.normal_(w)` or `w.data.normal_()`. */
function editsForTorch(layer: LayerUse, family: 'he' | 'glorot', source: Source): readonly TextEdit[] | null {
  const use = layer.kernelInitializer;
  const call = use === null ? undefined : pathTo(source.module, use.range)?.expressions.at(-1);
  if (call?.type !== 'call') return null;
  const name = family === 'he' ? 'kaiming_normal_' : 'xavier_uniform_';
  const options = family === 'he' ? `, nonlinearity=${quoteOf(source)}relu${quoteOf(source)}` : '';
  const path = source.names.qualify(call.callee);
  if (path?.startsWith('torch.nn.init.') === true) {
    const tensor = call.arguments[0];
    const found = sibling(source, call.callee, name);
    if (tensor === undefined || found === null) return null;
    const text = `${found.written}(${slice(source, tensor.value)}${options})`;
    return [...found.edits, { from: call.from, to: call.to, text }];
  }
  if (call.callee.type !== 'member' || source.names.path('nn') !== 'torch.nn') return null;
  const weight = slice(source, call.callee.object).replace(/\.data$/, '');
  return [{ from: call.from, to: call.to, text: `nn.init.${name}(${weight}${options})` }];
}

/** Starts the biases of a layer at 0. */
export function zeroBias(layer: LayerUse, source: Source): readonly Fix[] {
  const title = 'Start the biases at 0';
  if (layer.library !== 'torch') {
    const quote = quoteOf(source);
    return fixOf('zero-bias', title, [setArgument(layer, 'bias_initializer', `${quote}zeros${quote}`, source)]);
  }
  const use = layer.biasInitializer;
  const call = use === null ? undefined : pathTo(source.module, use.range)?.expressions.at(-1);
  const value = call?.type === 'call' ? call.arguments.at(-1)?.value : undefined;
  if (value === undefined || value.type !== 'number') return [];
  return fixOf('zero-bias', title, [[{ from: value.from, to: value.to, text: '0.0' }]]);
}
