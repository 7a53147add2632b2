import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../../src/code/fixes/edits';
import { replacementsAt } from '../../../src/code/fixes/replacements';
import type { LanguageId } from '../../../src/code/languages';
import { CodeDocument } from '../../../src/code/parser';

/** The code after the activation at `|` was replaced by `to`; null where that is not offered. */
function replaced(language: LanguageId, marked: string, to: string): string | null {
  const offset = marked.indexOf('|');
  const code = marked.replace('|', '');
  const fix = replacementsAt(new CodeDocument(language, code), offset).find((one) => one.id === `activation-${to}`);
  return fix === undefined ? null : applyEdits(code, fix.edits);
}

const KERAS = 'from tensorflow.keras.models import Sequential\nfrom tensorflow.keras.layers import Dense\n';
const KERAS_LEAKY = KERAS.replace('Dense\n', 'Dense, LeakyReLU\n');

describe('Keras', () => {
  it('keeps a string and its quotes where the API knows the name', () => {
    expect(replaced('python', `${KERAS}m = Sequential([Dense(4, activation="re|lu")])\n`, 'elu')).toBe(
      `${KERAS}m = Sequential([Dense(4, activation="elu")])\n`,
    );
  });
  it('puts a LeakyReLU layer into a list', () => {
    const code = `${KERAS}m = Sequential([\n    Dense(4, activation='re|lu', name='a'),\n    Dense(1),\n])\n`;
    expect(replaced('python', code, 'leaky_relu')).toBe(
      `${KERAS_LEAKY}m = Sequential([\n    Dense(4, name='a'),\n    LeakyReLU(0.1),\n    Dense(1),\n])\n`,
    );
  });
  it('puts a LeakyReLU layer behind a model.add', () => {
    const code = `${KERAS}def f():\n    m = Sequential()\n    m.add(Dense(4, activation='re|lu'))\n    return m\n`;
    expect(replaced('python', code, 'leaky_relu')).toBe(
      `${KERAS_LEAKY}def f():\n    m = Sequential()\n    m.add(Dense(4))\n    m.add(LeakyReLU(0.1))\n    return m\n`,
    );
  });
  it('puts a LeakyReLU layer around a functional call, in the style of its neighbours', () => {
    const code = (body: string): string =>
      `from keras import layers, Input, Model\ni = Input((3,))\nx = ${body}\nm = Model(i, x)\n`;
    expect(replaced('python', code("layers.Dense(4, activation='re|lu')(i)"), 'leaky_relu')).toBe(
      code('layers.LeakyReLU(0.1)(layers.Dense(4)(i))'),
    );
  });
  it('names the slope as the version of Keras does', () => {
    const two = `from keras.layers.advanced_activations import LeakyReLU\n${KERAS}m = Sequential([Dense(4, activation='re|lu')])\n`;
    expect(replaced('python', two, 'leaky_relu')).toContain('[Dense(4), LeakyReLU(alpha=0.1)]');
    const three = `import keras\nfrom keras import ops\nm = keras.Sequential([keras.layers.Dense(4, activation='re|lu')])\n`;
    expect(replaced('python', three, 'leaky_relu')).toContain("activation='leaky_relu'");
  });
  it('replaces a function of the same module', () => {
    const code = (name: string): string =>
      `import tensorflow as tf\nm = tf.keras.Sequential([tf.keras.layers.Dense(4, activation=${name})])\n`;
    expect(replaced('python', code('tf.nn.re|lu'), 'leaky_relu')).toBe(code('tf.nn.leaky_relu'));
  });
  it('replaces the string of an Activation layer', () => {
    const code = (name: string): string =>
      `from keras.models import Sequential\nfrom keras.layers import Activation, Dense\nm = Sequential([Dense(4), ${name}])\n`;
    expect(replaced('python', code("Activation('re|lu')"), 'tanh')).toBe(code("Activation('tanh')"));
  });
});

describe('PyTorch', () => {
  const NET = (first: string, call: string): string =>
    `${first}import torch.nn as nn\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = nn.Linear(4, 4)\n    def forward(self, x):\n        return ${call}\n`;
  it('replaces a function', () => {
    const first = 'import torch.nn.functional as F\n';
    expect(replaced('python', NET(first, 'F.re|lu(self.a(x))'), 'leaky_relu')).toBe(
      NET(first, 'F.leaky_relu(self.a(x))'),
    );
  });
  it('does not invent torch.leaky_relu', () => {
    const first = 'import torch\n';
    expect(replaced('python', NET(first, 'torch.re|lu(self.a(x))'), 'leaky_relu')).toBeNull();
    expect(replaced('python', NET(first, 'torch.re|lu(self.a(x))'), 'tanh')).toBe(NET(first, 'torch.tanh(self.a(x))'));
  });
  it('replaces a module and imports it where its neighbour is imported by name', () => {
    expect(
      replaced(
        'python',
        'from torch.nn import Linear, ReLU, Sequential\nm = Sequential(Linear(2, 2), Re|LU())\n',
        'gelu',
      ),
    ).toBe('from torch.nn import Linear, ReLU, Sequential, GELU\nm = Sequential(Linear(2, 2), GELU())\n');
  });
});

describe('tfjs', () => {
  it('puts a leakyReLU layer behind a model.add with its semicolon', () => {
    expect(
      replaced(
        'javascript',
        "const m = tf.sequential();\nm.add(tf.layers.dense({ units: 4, activation: 're|lu' }));\n",
        'leaky_relu',
      ),
    ).toBe(
      'const m = tf.sequential();\nm.add(tf.layers.dense({ units: 4 }));\nm.add(tf.layers.leakyReLU({ alpha: 0.1 }));\n',
    );
  });
  it('wraps a functional call in TypeScript', () => {
    const code = (body: string): string =>
      `import * as tf from '@tensorflow/tfjs';\nconst i = tf.input({ shape: [3] });\nconst x = ${body} as tf.SymbolicTensor;\nexport const m = tf.model({ inputs: i, outputs: x });\n`;
    expect(
      replaced('typescript', code("tf.layers.dense({ activation: 're|lu', units: 4 }).apply(i)"), 'leaky_relu'),
    ).toBe(code('tf.layers.leakyReLU({ alpha: 0.1 }).apply(tf.layers.dense({ units: 4 }).apply(i))'));
  });
});
