import type { RuleId } from '../../../src/report/report';

/** Small training scripts with one fault each, and the rule that must name it. */
export interface Faulty {
  readonly name: string;
  readonly rule: RuleId;
  /** What the finding's range holds. */
  readonly at: string;
  readonly code: string;
}

const tfjs = (body: string): string =>
  `const tf = require('@tensorflow/tfjs');\n${body}\nmodule.exports = { model, xs, ys };\n`;
const DATA = `const xs = tf.randomNormal([8, 16]);
const ys = tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2, 0, 1], 'int32'), 3).toFloat();`;

export const FAULTY_TFJS: readonly Faulty[] = [
  {
    name: 'five sigmoid layers in a loop',
    rule: 'vanishing-gradient',
    at: "'sigmoid'",
    code: tfjs(`${DATA}
const model = tf.sequential();
model.add(tf.layers.dense({ units: 16, activation: 'sigmoid', inputShape: [16] }));
for (let i = 0; i < 4; i++) {
  model.add(tf.layers.dense({ units: 16, activation: 'sigmoid' }));
}
model.add(tf.layers.dense({ units: 3, activation: 'softmax' }));
model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });`),
  },
  {
    name: 'five sigmoid layers in a list',
    rule: 'vanishing-gradient',
    at: "'sigmoid'",
    code: tfjs(`${DATA}
const { dense } = tf.layers;
const model = tf.sequential({
  layers: [
    dense({ units: 16, activation: 'sigmoid', inputShape: [16] }),
    dense({ units: 16, activation: 'sigmoid' }),
    dense({ units: 16, activation: 'sigmoid' }),
    dense({ units: 16, activation: 'sigmoid' }),
    dense({ units: 16, activation: 'sigmoid' }),
    dense({ units: 3, activation: 'softmax' }),
  ],
});
model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });`),
  },
  {
    name: 'normal weights of standard deviation 1',
    rule: 'poor-initialization',
    at: 'tf.initializers.randomNormal({ stddev: 1 })',
    code: tfjs(`const xs = tf.randomNormal([8, 256]);
const ys = tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2, 0, 1], 'int32'), 3).toFloat();
const input = tf.input({ shape: [256] });
const hidden = tf.layers
  .dense({ units: 32, activation: 'relu', kernelInitializer: tf.initializers.randomNormal({ stddev: 1 }) })
  .apply(input);
const output = tf.layers.dense({ units: 3, activation: 'softmax' }).apply(hidden);
const model = tf.model({ inputs: input, outputs: output });
model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });`),
  },
  {
    name: 'zero kernels in a hidden layer',
    rule: 'symmetric-units',
    at: '"zeros"',
    code: tfjs(`${DATA}
const model = tf.sequential();
model.add(tf.layers.dense({ units: 8, activation: "relu", kernelInitializer: "zeros", inputShape: [16] }))
model.add(tf.layers.dense({ units: 3, activation: "softmax" }))
model.compile({ optimizer: "adam", loss: "categoricalCrossentropy" })`),
  },
  {
    name: 'deadly biases',
    rule: 'dead-relu',
    at: 'tf.initializers.constant({ value: -16 })',
    code: tfjs(`${DATA}
const model = tf.sequential();
model.add(
  tf.layers.dense({
    inputShape: [16],
    units: 8,
    activation: 'relu',
    biasInitializer: tf.initializers.constant({ value: -16 }),
  }),
);
model.add(tf.layers.dense({ units: 3, activation: 'softmax' }));
model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });`),
  },
  {
    name: 'Adam with a learning rate of 0.5',
    rule: 'learning-rate-too-high',
    at: 'RATE',
    code: tfjs(`${DATA}
const RATE = 0.5;
const model = tf.sequential();
model.add(tf.layers.dense({ units: 64, activation: 'relu', inputShape: [16] }));
model.add(tf.layers.dense({ units: 3, activation: 'softmax' }));
model.compile({ optimizer: tf.train.adam(RATE), loss: 'categoricalCrossentropy' });`),
  },
  {
    name: 'ReLU on a regression output',
    rule: 'output-activation-mismatch',
    at: "'relu'",
    code: tfjs(`const xs = tf.randomNormal([8, 16]);
const ys = tf.randomNormal([8, 1]);
const model = tf.sequential();
model.add(tf.layers.dense({ units: 8, activation: 'tanh', inputShape: [16] }));
model.add(tf.layers.dense({ units: 1, activation: 'relu' }));
model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });`),
  },
  {
    name: 'sigmoid with categorical cross-entropy',
    rule: 'output-activation-mismatch',
    at: "'sigmoid'",
    code: tfjs(`${DATA}
const model = tf.sequential();
model.add(tf.layers.dense({ units: 8, activation: 'relu', inputShape: [16] }));
model.add(tf.layers.dense({ units: 3, activation: 'sigmoid' }));
model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });`),
  },
  {
    name: 'no activation before categorical cross-entropy',
    rule: 'output-activation-mismatch',
    at: 'tf.layers.dense',
    code: tfjs(`${DATA}
const model = tf.sequential();
model.add(tf.layers.dense({ units: 8, activation: 'relu', inputShape: [16] }));
model.add(tf.layers.dense({ units: 3 }));
model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });`),
  },
  {
    name: 'softmax given to a loss that takes logits',
    rule: 'output-activation-mismatch',
    at: "'softmax'",
    code: tfjs(`${DATA}
const model = tf.sequential();
model.add(tf.layers.dense({ units: 8, activation: 'relu', inputShape: [16] }));
model.add(tf.layers.dense({ units: 3, activation: 'softmax' }));
model.compile({ optimizer: 'adam', loss: tf.losses.softmaxCrossEntropy });`),
  },
  {
    name: 'two linear layers in a row',
    rule: 'low-rank',
    at: 'tf.layers.dense',
    code: tfjs(`${DATA}
const model = tf.sequential();
model.add(tf.layers.dense({ units: 32, inputShape: [16] }));
model.add(tf.layers.dense({ units: 3, activation: 'softmax' }));
model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });`),
  },
  {
    name: 'sigmoid under a softmax loss, in a function in a field of a class',
    rule: 'output-activation-mismatch',
    at: "'softmax'",
    code: tfjs(`${DATA}
class Trainer {
  model = tf.sequential();
  constructor() {
    this.build();
  }
  build = () => {
    this.model.add(tf.layers.dense({ units: 32, activation: 'relu', inputShape: [16] }));
    this.model.add(tf.layers.dense({ units: 3, activation: 'softmax' }));
    this.model.compile({ optimizer: 'adam', loss: tf.losses.softmaxCrossEntropy });
  };
}
const { model } = new Trainer();`),
  },
];

export const FAULTY_PYTHON: readonly Faulty[] = [
  {
    name: 'Keras: a stack of sigmoid layers built in a loop',
    rule: 'vanishing-gradient',
    at: 'ACT',
    code: `import tensorflow as tf
from tensorflow.keras import layers

ACT = 'sigmoid'
DEPTH = 8
inputs = tf.keras.Input(shape=(20,))
x = inputs
for _ in range(DEPTH):
    x = layers.Dense(32, activation=ACT)(x)
outputs = layers.Dense(1, activation='sigmoid')(x)
model = tf.keras.Model(inputs, outputs)
model.compile(optimizer='adam', loss='binary_crossentropy')
`,
  },
  {
    name: 'Keras: softmax with from_logits',
    rule: 'output-activation-mismatch',
    at: '"softmax"',
    code: `from tensorflow import keras
from tensorflow.keras.layers import (
    Dense,
    Flatten,
)

model = keras.Sequential([
    Flatten(input_shape=(28, 28)),
    Dense(128, activation="relu"),
    Dense(10, activation="softmax", name="probabilities"),
])
model.compile(
    optimizer=keras.optimizers.Adam(1e-3),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
`,
  },
  {
    name: 'Keras: bytes',
    rule: 'unnormalized-input',
    at: 'x_train',
    code: `from keras.datasets import mnist
from keras.models import Sequential
from keras.layers import Dense

(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train = x_train.reshape(60000, 784).astype('float32')
model = Sequential()
model.add(Dense(64, activation='relu', input_shape=(784,)))
model.add(Dense(10, activation='softmax'))
model.compile('sgd', 'sparse_categorical_crossentropy')
model.fit(x_train, y_train, epochs=2)
`,
  },
  {
    name: 'Keras: softmax over one unit',
    rule: 'output-activation-mismatch',
    at: "'softmax'",
    code: `from keras.models import Sequential
from keras.layers import Dense, Activation

def build():
    model = Sequential()
    model.add(Dense(16, activation='relu', input_dim=4))
    model.add(Dense(1))
    model.add(Activation('softmax'))
    model.compile(loss='binary_crossentropy', optimizer='adam')
    return model
`,
  },
  {
    name: 'Keras: SGD far too fast',
    rule: 'learning-rate-too-high',
    at: '10.0',
    code: `import keras
from keras import layers

model = keras.Sequential()
model.add(layers.Dense(64, activation="relu"))
model.add(layers.Dense(1))
model.compile(loss="mse", optimizer=keras.optimizers.SGD(learning_rate=10.0))
`,
  },
  {
    name: 'Keras: tiny normal weights in a deep stack',
    rule: 'poor-initialization',
    at: 'init',
    code: `from keras import Sequential, initializers
from keras.layers import Dense

init = initializers.RandomNormal(stddev=0.001)
model = Sequential([
    Dense(256, activation='relu', kernel_initializer=init, input_dim=256),
    Dense(256, activation='relu', kernel_initializer=init),
    Dense(256, activation='relu', kernel_initializer=init),
    Dense(1),
])
`,
  },
  {
    name: 'PyTorch: softmax that is an attribute, before CrossEntropyLoss',
    rule: 'output-activation-mismatch',
    at: 'nn.Softmax',
    code: `import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(784, 128)
        self.relu = nn.ReLU()
        self.output = nn.Linear(128, 10)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x):
        return self.softmax(self.output(self.relu(self.hidden(x))))


net = Net()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
for images, labels in loader:
    loss = criterion(net(images), labels)
    loss.backward()
    optimizer.step()
`,
  },
  {
    name: 'PyTorch: softmax before CrossEntropyLoss',
    rule: 'output-activation-mismatch',
    at: 'F.softmax',
    code: `import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        return F.softmax(self.fc2(x), dim=1)


def train(loader):
    net = Net()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for images, labels in loader:
        optimizer.zero_grad()
        loss = criterion(net(images), labels)
        loss.backward()
        optimizer.step()
`,
  },
  {
    name: 'PyTorch: sigmoid before BCEWithLogitsLoss',
    rule: 'output-activation-mismatch',
    at: 'nn.Sigmoid',
    code: `from torch import nn

model = nn.Sequential(
    nn.Linear(20, 64),
    nn.ReLU(),
    nn.Linear(64, 1),
    nn.Sigmoid(),
)
loss_fn = nn.BCEWithLogitsLoss()


def step(x, y):
    return loss_fn(model(x), y)
`,
  },
  {
    name: 'PyTorch: no sigmoid before BCELoss',
    rule: 'output-activation-mismatch',
    at: 'nn.Linear',
    code: `from torch import nn

model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 1))
loss_fn = nn.BCELoss()


def step(x, y):
    return loss_fn(model(x), y)
`,
  },
  {
    name: 'PyTorch: softmax before NLLLoss',
    rule: 'output-activation-mismatch',
    at: 'nn.Softmax',
    code: `import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc = nn.Linear(20, 5)
        self.out = nn.Softmax(dim=1)

    def forward(self, x):
        return self.out(self.fc(x))


class Trainer:
    def __init__(self, device):
        self.model = Net().to(device)
        self.criterion = nn.NLLLoss()

    def step(self, x, y):
        prediction = self.model(x)
        return self.criterion(prediction, y)
`,
  },
  {
    name: 'PyTorch: weights of standard deviation 1',
    rule: 'poor-initialization',
    at: 'nn.init.normal_(self.fc1.weight)',
    code: `import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, hidden=256):
        super().__init__()
        self.fc1 = nn.Linear(784, hidden)
        self.fc2 = nn.Linear(hidden, 10)
        nn.init.normal_(self.fc1.weight)

    def forward(self, x):
        x = torch.relu(self.fc1(x.view(-1, 784)))
        return self.fc2(x)
`,
  },
  {
    name: 'PyTorch: constant weights',
    rule: 'symmetric-units',
    at: 'self.hidden.weight.data.fill_(0.5)',
    code: `import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(10, 20)
        self.hidden.weight.data.fill_(0.5)
        self.out = nn.Linear(20, 2)

    def forward(self, x):
        return self.out(F.relu(self.hidden(x)))
`,
  },
  {
    name: 'PyTorch: two linear layers in a row',
    rule: 'low-rank',
    at: 'nn.Linear',
    code: `from torch import nn

net = nn.Sequential(
    nn.Flatten(),
    nn.Linear(784, 128),
    nn.Linear(128, 10),
)
`,
  },
  {
    name: 'PyTorch: SGD far too fast',
    rule: 'learning-rate-too-high',
    at: 'lr',
    code: `import torch
from torch import nn, optim

lr = 8.0
net = nn.Sequential(nn.Linear(10, 100), nn.ReLU(), nn.Linear(100, 1))
optimizer = optim.SGD(net.parameters(), lr=lr, momentum=0.9)
`,
  },
  {
    name: 'PyTorch: saturated tanh',
    rule: 'saturated-activation',
    at: 'nn.init.normal_(self.a.weight, std=1.0)',
    code: `import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(400, 100)
        self.b = nn.Linear(100, 1)
        nn.init.normal_(self.a.weight, std=1.0)

    def forward(self, x):
        return self.b(torch.tanh(self.a(x)))
`,
  },
  {
    name: 'Keras: sigmoid under a loss of tf.losses that takes logits',
    rule: 'output-activation-mismatch',
    at: "'sigmoid'",
    code: `import tensorflow as tf

model = tf.keras.Sequential()
model.add(tf.keras.layers.Dense(32, activation='relu', input_shape=(16,)))
model.add(tf.keras.layers.Dense(3, activation='sigmoid'))
model.compile(optimizer='adam', loss=tf.losses.CategoricalCrossentropy(from_logits=True))
`,
  },
  {
    name: 'PyTorch: a linear stack in a module that another file trains',
    rule: 'low-rank',
    at: 'nn.Linear',
    code: `from torch import nn


def head(features, classes):
    return nn.Sequential(nn.Linear(400, 120), nn.Linear(120, 84))
`,
  },
];
