import { describe, expect, it } from 'vitest';
import { activationNote } from '../../../src/code/catalogue/activations';
import { COSTS } from '../../../src/code/catalogue/activationCosts';
import { hover, type HoverContext } from '../../../src/code/hover';
import type { LanguageId } from '../../../src/code/languages';
import { CodeDocument } from '../../../src/code/parser';

const NOTHING: HoverContext = { diagnosis: null, costs: new Map() };

/** What each text between « and » is taken for: `kind name`; null for nothing. */
function marked(language: LanguageId, text: string): (string | null)[] {
  const code = text.replace(/[«»]/g, '');
  const document = new CodeDocument(language, code);
  const found: (string | null)[] = [];
  let removed = 0;
  for (const match of text.matchAll(/«([^»]*)»/g)) {
    const mention = document.mentionAt(match.index - removed + Math.ceil(match[1].length / 2));
    removed += 2;
    found.push(mention === null ? null : `${mention.kind} ${mention.name}`.trim());
  }
  return found;
}

describe('mentions', () => {
  it.each<[string, LanguageId, string, (string | null)[]]>([
    [
      'Keras strings',
      'python',
      "import keras\nkeras.layers.Dense(3, activation='«relu»', kernel_initializer='«normal»', bias_initializer='«zeros»')",
      ['activation relu', 'initializer random_normal', 'initializer zeros'],
    ],
    [
      'positional Keras',
      'python',
      "from keras.layers import Dense, Activation\n«Dense»(3, '«tanh»')\n«Activation»('«linear»')",
      ['layer Dense', 'activation tanh', 'layer Activation', 'activation linear'],
    ],
    [
      'Keras symbols',
      'python',
      'import tensorflow as tf\nx = tf.keras.layers.Dense(3, activation=«tf.nn.relu», kernel_initializer=«tf.keras.initializers.HeNormal»())',
      ['activation relu', 'initializer he_normal'],
    ],
    [
      'aliases of modules',
      'python',
      'import tensorflow as tf\nL = tf.keras.layers\nL.«LeakyReLU»(0.2)',
      ['activation leaky_relu'],
    ],
    [
      'star imports',
      'python',
      'from keras.layers import *\n«Dense»(4); «BatchNormalization»()',
      ['layer Dense', 'layer BatchNormalization'],
    ],
    [
      'compile',
      'python',
      "import keras\nm.compile(optimizer='«adam»', loss='«mse»')\nm.compile(loss=['«mae»', '«binary_crossentropy»'])",
      ['optimizer adam', 'loss mean_squared_error', 'loss mean_absolute_error', 'loss binary_crossentropy'],
    ],
    [
      'attributes, functions of the project, and groups of parameters',
      'python',
      "import torch.nn as nn\nfrom .layers import trunc_normal_\nself.«relu» = nn.ReLU()\nx = self.«gelu»(self.«relu1»(x))\n«trunc_normal_»(w, std=.02)\nfor g in o.param_groups: g['«lr»'] = 1e-4",
      ['activation relu', 'activation gelu', 'activation relu', 'initializer truncated_normal', 'learning-rate'],
    ],
    [
      'rates',
      'python',
      "import keras\nLEARNING_«RATE» = 0.01\nkeras.optimizers.«SGD»(«lr»=0.1)\nkeras.optimizers.Adam(«0.5»)\nparser.add_argument('--«lr»')\nargs.«lr»\ndef f(«learning_rate»): pass",
      [
        'learning-rate',
        'optimizer sgd',
        'learning-rate',
        'learning-rate adam',
        'learning-rate',
        'learning-rate',
        'learning-rate',
      ],
    ],
    [
      'PyTorch',
      'python',
      'import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\nnn.«Linear»(3, 4); «nn.ReLU»; F.«gelu»(x); torch.«sigmoid»(x); x.«tanh»(); nn.init.«xavier_uniform_»(w); torch.optim.«AdamW»(p, «1e-4»); nn.«CrossEntropyLoss»(); F.«nll_loss»(x, y)',
      [
        'layer Dense',
        'activation relu',
        'activation gelu',
        'activation sigmoid',
        'activation tanh',
        'initializer glorot_uniform',
        'optimizer adamw',
        'learning-rate adamw',
        'loss softmax_cross_entropy',
        'loss nll',
      ],
    ],
    [
      'defaults of parameters',
      'python',
      "import keras\ndef block(x, activation='«relu»', kernel_initializer='«he_normal»'): pass",
      ['activation relu', 'initializer he_normal'],
    ],
    [
      'TensorFlow 1',
      'python',
      'import tensorflow as tf\ntf.layers.«dense»(x, 3, activation=tf.nn.«relu», kernel_initializer=tf.contrib.layers.«xavier_initializer»())\ntf.train.«AdamOptimizer»(«1e-3»)',
      ['layer Dense', 'activation relu', 'initializer glorot_uniform', 'optimizer adam', 'learning-rate adam'],
    ],
    [
      'tfjs',
      'javascript',
      "import * as tf from '@tensorflow/tfjs';\ntf.layers.«dense»({ activation: '«elu»', kernelInitializer: '«varianceScaling»' });\ntf.train.«sgd»(«0.1»); x.«relu»(); tf.«softmax»(x); tf.losses.«huberLoss»(a, b); const c = { «learningRate»: 0.1, optimizer: '«sgd»' };",
      [
        'layer Dense',
        'activation elu',
        'initializer variance_scaling',
        'optimizer sgd',
        'learning-rate sgd',
        'activation relu',
        'activation softmax',
        'loss huber',
        'learning-rate',
        'optimizer sgd',
      ],
    ],
    [
      'TypeScript',
      'typescript',
      "import { layers, type Tensor } from '@tensorflow/tfjs-layers';\nexport class A { private readonly l = layers.«leakyReLU»({ alpha: 0.1 } as const); f<T>(x: T) { return layers.«lstm»({ units: 3, recurrentInitializer: '«orthogonal»' })!; } }",
      ['activation leaky_relu', 'layer LSTM', 'initializer orthogonal'],
    ],
    [
      'require and destructuring',
      'javascript',
      "const tf = require('@tensorflow/tfjs-node');\nconst { layers: L, train } = tf;\nL.«conv2d»({}); train.«adam»();",
      ['layer Conv2D', 'optimizer adam'],
    ],
    [
      "TypeScript's import of what a module exports",
      'typescript',
      "import tf = require('@tensorflow/tfjs-node');\nlet n = tf.layers.«dense»({ units: 2, activation: '«selu»' });",
      ['layer Dense', 'activation selu'],
    ],
    [
      'tf of a script tag, first used for what others call so too',
      'javascript',
      '// tf.layers are loaded by the page\nconst shape = tf.env();\nconst w = tf.variable(tf.«randomNormal»([3, 4]).mul(0.1));\nconst o = new tf.«AdagradOptimizer»(«0.1»);',
      ['initializer random_normal', 'optimizer adagrad', 'learning-rate adagrad'],
    ],
    ['tf of something else', 'javascript', "/* not tf.layers */ tf.run(); const c = { activation: '«relu»' };", [null]],
    [
      'defaults of what is destructured',
      'javascript',
      "import '@tensorflow/tfjs';\nconst { «lr» = 0.1, activation = '«elu»', optimizer: o = '«sgd»' } = options;\nfunction f({ units, «learningRate» = 0.1, kernelInitializer = '«heNormal»' } = {}) {}",
      ['learning-rate', 'activation elu', 'optimizer sgd', 'learning-rate', 'initializer he_normal'],
    ],
    [
      'variables where a name belongs',
      'python',
      "import keras\nACT = 'selu'\nkeras.layers.Dense(3, activation=«ACT», kernel_initializer=«he_normal»)\nm.compile(optimizer=«adam», loss=«my_loss»)",
      ['activation selu', 'initializer he_normal', 'optimizer adam', null],
    ],
    [
      'variables of TensorFlow',
      'python',
      'import tensorflow as tf\nfrom tensorflow.python.ops.init_ops_v2 import glorot_uniform\nw = tf.Variable(tf.random.«normal»([3, 4], stddev=0.1))\nx = tf.random.«normal»([3])\nv = tf.Variable(w)\nk = tf.keras.layers.Dense(3, kernel_initializer=«glorot_uniform»())',
      ['initializer random_normal', null, 'initializer glorot_uniform'],
    ],
    [
      'what is something else',
      'python',
      "import keras\nname = '«normal»'\nmy.«Dense»(3)\n«relu» = 3\ns = '«linear»'",
      [null, null, null, null],
    ],
  ])('%s', (_, language, code, expected) => {
    expect(marked(language, code)).toEqual(expected);
  });
  it.each([
    'lr',
    'base_lr',
    'adam_lr',
    'lr_d',
    'lr2',
    'LEARNING_RATE',
    'initialLearningRate',
    'learning_rate_gen',
    'lr_actor',
    'baseLR',
    'lr_min',
  ])('takes %s for a learning rate', (name) =>
    expect(marked('python', `import keras\n«${name}» = 0.1`)).toEqual(['learning-rate']),
  );
  it.each(['lr_scheduler', 'lr_decay', 'url', 'color', 'xlr', 'learning_rate_schedule'])(
    'does not take %s for one',
    (name) => expect(marked('python', `import keras\n«${name}» = 0.1`)).toEqual([null]),
  );
});

describe('hover', () => {
  const at = (language: LanguageId, code: string, text: string) => {
    const document = new CodeDocument(language, code);
    void document.model;
    return hover(document.mentionAt(code.indexOf(text) + 1)!, document.lastFacts, NOTHING);
  };
  const cell = (content: ReturnType<typeof hover>, label: string): string | undefined =>
    content.table.find((row) => row.label === label)?.value;

  it('gives the facts of an activation', () => {
    const sigmoid = at('python', "import keras\nkeras.layers.Dense(3, activation='sigmoid')", 'sigmoid');
    expect(cell(sigmoid, 'Range')).toBe('0 to 1');
    expect(cell(sigmoid, 'Largest derivative')).toBe('0.25');
    expect(cell(sigmoid, 'Zero-centered')).toMatch(/^no/);
    expect(cell(sigmoid, 'Time relative to ReLU (tfjs, wasm)')).toBeUndefined();
    expect(sigmoid.curve).toEqual({ activation: 'sigmoid', alpha: null });
    const tanh = at('python', "import keras\nkeras.layers.Dense(3, activation='tanh')", 'tanh');
    expect(cell(tanh, 'Zero-centered')).toBe('yes');
    expect(cell(tanh, 'Largest derivative')).toBe('1');
    const leaky = at('python', 'import torch.nn as nn\nnn.LeakyReLU(0.1)', 'LeakyReLU');
    expect(cell(leaky, 'Zero-centered')).toBe('nearly: outputs take both signs');
  });
  it('gives a measured cost when there is one', () => {
    const document = new CodeDocument('python', "import keras\nkeras.layers.Dense(3, activation='gelu')");
    const content = hover(document.mentionAt(50)!, null, { diagnosis: null, costs: new Map([['gelu', 3.14159]]) });
    expect(cell(content, 'Time relative to ReLU (tfjs, wasm)')).toBe('3.1×');
  });
  it('knows the measured cost of what it names', () => {
    expect(COSTS.get('relu')).toBe(1);
    for (const [name, cost] of COSTS) {
      expect(activationNote(name)?.name).toBe(name);
      expect(cost).toBeGreaterThan(0);
    }
  });
  it('draws no curve for softmax', () => {
    expect(at('python', "import keras\nkeras.layers.Dense(3, activation='softmax')", 'softmax').curve).toBeNull();
  });
  it('takes the slope that the code gives', () => {
    const code = 'import torch.nn as nn\nm = nn.Sequential(nn.Linear(2, 2), nn.LeakyReLU(0.2))\n';
    expect(at('python', code, 'LeakyReLU').curve).toEqual({ activation: 'leaky_relu', alpha: 0.2 });
  });
  it('warns of what a library does otherwise than the name says', () => {
    expect(at('javascript', "tf.layers.dense({ kernelInitializer: 'heNormal' })", 'heNormal').lines.join()).toContain(
      '0.777',
    );
    expect(
      at('python', "import keras\nkeras.layers.Dense(3, kernel_initializer='he_normal')", 'he_normal').lines.join(),
    ).not.toContain('0.777');
    expect(at('python', 'import torch.nn as nn\nnn.Linear(3, 4)', 'Linear').lines.join()).toContain('a=√5');
  });
  it('places a learning rate', () => {
    const code = 'import keras\nRATE = 0.5\nkeras.optimizers.Adam(learning_rate=RATE)\n';
    const content = at('python', code, 'learning_rate');
    expect(content.title).toBe('Learning rate 0.5');
    expect(content.lines.join()).toContain('0.5 is above');
    expect(cell(content, 'Learning rate when none is given')).toBe('0.001');
  });
  it('says what a loss takes', () => {
    expect(cell(at('python', 'import torch.nn as nn\nnn.CrossEntropyLoss()', 'CrossEntropyLoss'), 'Takes')).toContain(
      'logits',
    );
  });
});
