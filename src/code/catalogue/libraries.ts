/** The libraries whose training code is understood. `tensorflow` is what is written without Keras. */
export type Library = 'keras' | 'torch' | 'tfjs' | 'tensorflow';

const KERAS_HOMES =
  /^(tensorflow\.(python\.|compat\.v[12]\.|_api\.v2\.)?(python\.)?keras|tf_keras|tensorflow_core\.keras|tensorflow\.contrib\.keras)(?=\.|$)/;

/** Brings the qualified name of a symbol to the one form that the catalogues know: `keras.layers.Dense`, `torch.nn.Linear`, `tfjs.layers.dense`. */
export function canonicalPath(path: string): string {
  let canonical = path.replace(KERAS_HOMES, 'keras').replace(/^keras\.(src|api|_tf_keras\.keras)\./, 'keras.');
  // keras.layers.core.Dense, keras.layers.advanced_activations.LeakyReLU, torch.nn.modules.linear.Linear, torch.optim.adam.Adam
  canonical = canonical
    .replace(/^keras\.(layers|optimizers|activations|initializers|losses)\.(?:[a-z_0-9]+\.)+(?=[A-Z])/, 'keras.$1.')
    .replace(/^keras\.optimizers\.(?:legacy|experimental|schedules)\.(?=[A-Z])/, 'keras.optimizers.')
    .replace(/^keras\.(engine|models)\.(?:[a-z_]+\.)*(?=(Sequential|Model)$)/, 'keras.models.')
    .replace(/^keras\.(Sequential|Model|Input)$/, 'keras.models.$1')
    .replace(/^keras\.(layers|engine)\.Input$/, 'keras.models.Input')
    .replace(/^torch\.nn\.modules\.(?:[a-z_]+\.)*(?=[A-Z])/, 'torch.nn.')
    .replace(/^torch\.optim\.(?:[a-z_]+\.)(?=[A-Z])/, 'torch.optim.');
  return canonical
    .replace(/^tensorflow\.compat\.v1\./, 'tensorflow.')
    .replace(/^tensorflow\.python\.ops\.init_ops(_v2)?\./, 'tensorflow.initializers.');
}

/** The library that a canonical path belongs to; null for any other module. */
export function libraryOf(path: string): Library | null {
  if (/^keras(\.|$)/.test(path)) return 'keras';
  if (/^torch(\.|$)/.test(path)) return 'torch';
  if (/^tfjs(\.|$)/.test(path)) return 'tfjs';
  if (/^(tensorflow|tf_slim|tflearn)(\.|$)/.test(path)) return 'tensorflow';
  return null;
}

/** The npm packages that give the `tf` namespace. */
export const TFJS_PACKAGE = /(^|\/)@tensorflow\/tfjs(-node|-node-gpu|-core|-layers|-react-native)?(@[^/]*)?($|\/)/;
