import type { LanguageId } from '../../../src/code/languages';

/** Training code as it is usually written, in which nothing is wrong: idioms that a hasty rule would complain of. */
export const HEALTHY: readonly { readonly name: string; readonly language: LanguageId; readonly code: string }[] = [
  {
    name: 'Keras: scaled MNIST classifier',
    language: 'python',
    code: `import tensorflow as tf
mnist = tf.keras.datasets.mnist
(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0
model = tf.keras.models.Sequential([
    tf.keras.layers.Flatten(input_shape=(28, 28)),
    tf.keras.layers.Dense(128, activation='relu'),
    tf.keras.layers.Dropout(0.2),
    tf.keras.layers.Dense(10),
])
loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(optimizer='adam', loss=loss_fn, metrics=['accuracy'])
model.fit(x_train, y_train, epochs=5)
`,
  },
  {
    name: 'Keras: a generator that is compiled though only the discriminator on top of it has a loss',
    language: 'python',
    code: `from keras.layers import Activation, Conv2D, Dense, Flatten, Input, LeakyReLU, Reshape
from keras.models import Model, Sequential
from keras.optimizers import Adam
class GAN():
    def __init__(self):
        self.judge = self.build_judge()
        self.judge.compile(loss='binary_crossentropy', optimizer=Adam(0.0002, 0.5))
        self.painter = self.build_painter()
        self.painter.compile(loss='binary_crossentropy', optimizer=Adam(0.0002, 0.5))
        z = Input(shape=(64,))
        self.judge.trainable = False
        self.both = Model(z, self.judge(self.painter(z)))
        self.both.compile(loss='binary_crossentropy', optimizer=Adam(0.0002, 0.5))
    def build_painter(self):
        model = Sequential()
        model.add(Dense(256, activation='relu', input_shape=(64,)))
        model.add(Reshape((8, 8, 4)))
        model.add(Conv2D(1, 3, padding='same'))
        model.add(Activation('tanh'))
        z = Input(shape=(64,))
        return Model(z, model(z))
    def build_judge(self):
        model = Sequential()
        model.add(Conv2D(16, 3, strides=2, input_shape=(8, 8, 1)))
        model.add(LeakyReLU(alpha=0.2))
        model.add(Flatten())
        model.add(Dense(1, activation='sigmoid'))
        image = Input(shape=(8, 8, 1))
        return Model(image, model(image))
`,
  },
  {
    name: 'Keras: bytes scaled in place by a helper',
    language: 'python',
    code: `from keras.datasets import cifar10
from keras.models import Sequential
from keras.layers import Conv2D, Dense, Flatten
def prepare(images):
    images /= 255
(x, y), (u, v) = cifar10.load_data()
x = x.astype('float32')
prepare(x)
model = Sequential([Conv2D(32, 3, activation='relu', input_shape=(32, 32, 3)), Flatten(), Dense(10, activation='softmax')])
model.compile('adam', 'sparse_categorical_crossentropy')
model.fit(x, y)
`,
  },
  {
    name: 'Keras: bytes rescaled by the network',
    language: 'python',
    code: `from tensorflow import keras
from tensorflow.keras import layers
(x, y), _ = keras.datasets.cifar10.load_data()
model = keras.Sequential([keras.Input((32, 32, 3)), layers.BatchNormalization(), layers.Conv2D(8, 3), layers.ReLU(), layers.GlobalAveragePooling2D(), layers.Dense(10, activation='softmax')])
model.compile(loss='sparse_categorical_crossentropy')
model.fit(x, y)
`,
  },
  {
    name: 'Keras: activation layers of every kind between dense layers',
    language: 'python',
    code: `from keras.models import Sequential
from keras.layers import Dense, Activation, LeakyReLU, PReLU, Lambda
from my_layers import Maxout
model = Sequential()
model.add(Dense(64, input_dim=20))
model.add(LeakyReLU(alpha=0.2))
model.add(Dense(64))
model.add(Activation('relu'))
model.add(Dense(64))
model.add(PReLU())
model.add(Dense(64))
model.add(Maxout(32))
model.add(Dense(64))
model.add(Lambda(lambda t: t ** 2))
model.add(Dense(1))
model.compile(loss='mean_squared_error', optimizer='sgd')
`,
  },
  {
    name: 'Keras: residual branch with a zero-initialized last layer',
    language: 'python',
    code: `from tensorflow.keras import Input, Model
from tensorflow.keras.layers import Add, Dense
inputs = Input(shape=(64,))
x = inputs
for _ in range(6):
    h = Dense(64, activation='relu', kernel_initializer='he_normal')(x)
    h = Dense(64, kernel_initializer='zeros')(h)
    x = Add()([x, h])
model = Model(inputs, Dense(1)(x))
model.compile('adam', 'mse')
`,
  },
  {
    name: 'Keras: small normal weights in shallow networks',
    language: 'python',
    code: `from keras.models import Sequential
from keras.layers import Dense
def baseline_model():
    model = Sequential()
    model.add(Dense(13, input_dim=13, kernel_initializer='normal', activation='relu'))
    model.add(Dense(6, kernel_initializer='normal', activation='relu'))
    model.add(Dense(1, kernel_initializer='normal'))
    model.compile(loss='mean_squared_error', optimizer='adam')
    return model
pima = Sequential()
pima.add(Dense(12, input_dim=8, init='uniform', activation='relu'))
pima.add(Dense(8, init='uniform', activation='relu'))
pima.add(Dense(1, init='uniform', activation='sigmoid'))
pima.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
`,
  },
  {
    name: 'Keras: recurrent network with an identity recurrence and tiny kernels',
    language: 'python',
    code: `from keras import initializers
from keras.models import Sequential
from keras.layers import Dense, SimpleRNN
from keras.optimizers import RMSprop
model = Sequential()
model.add(SimpleRNN(100, kernel_initializer=initializers.RandomNormal(stddev=0.001), recurrent_initializer=initializers.Identity(gain=1.0), activation='relu', input_shape=(784, 1)))
model.add(Dense(10, activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer=RMSprop(lr=1e-6))
`,
  },
  {
    name: 'Keras: variational autoencoder with its linear codes',
    language: 'python',
    code: `from keras.layers import Lambda, Input, Dense
from keras.models import Model
inputs = Input(shape=(784,))
x = Dense(512, activation='relu')(inputs)
z_mean = Dense(2)(x)
z_log_var = Dense(2)(x)
z = Lambda(sampling)([z_mean, z_log_var])
decoder = Dense(784, activation='sigmoid')(Dense(512, activation='relu')(z))
vae = Model(inputs, decoder)
vae.compile(optimizer='adam', loss='mse')
linear = Dense(784)(Dense(32)(inputs))
pca = Model(inputs, linear)
pca.compile(optimizer='adam', loss='mse')
`,
  },
  {
    name: 'Keras: several outputs with a loss each',
    language: 'python',
    code: `from tensorflow import keras
from tensorflow.keras import layers
i = keras.Input((10,))
h = layers.Dense(32, activation="relu")(i)
a = layers.Dense(1, activation="sigmoid", name="a")(h)
b = layers.Dense(5, activation="softmax", name="b")(h)
model = keras.Model(i, [a, b])
model.compile(optimizer="rmsprop", loss={"a": "binary_crossentropy", "b": "categorical_crossentropy"})
model.compile(optimizer="rmsprop", loss=["binary_crossentropy", "categorical_crossentropy"])
`,
  },
  {
    name: 'Keras: a body that is chosen elsewhere',
    language: 'python',
    code: `from keras.applications import VGG16
from keras.models import Sequential
from keras.layers import Dense, Flatten
from options import hidden, act, stack
base = VGG16(weights='imagenet', include_top=False)
model = Sequential()
model.add(base)
model.add(Flatten())
for layer in stack():
    model.add(layer)
model.add(Dense(hidden, activation=act))
model.add(Dense(1, **options))
model.compile(loss='categorical_crossentropy', optimizer='adam')
`,
  },
  {
    name: 'Keras: four hidden sigmoid layers with batch normalization',
    language: 'python',
    code: `from keras import Sequential
from keras.layers import BatchNormalization, Dense
model = Sequential()
for _ in range(8):
    model.add(Dense(32, activation='sigmoid'))
    model.add(BatchNormalization())
model.add(Dense(1))
model.compile('adam', 'mse')
`,
  },
  {
    name: 'PyTorch: the MNIST example',
    language: 'python',
    code: `import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.optim.lr_scheduler import StepLR
class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, 1)
        self.conv2 = nn.Conv2d(32, 64, 3, 1)
        self.dropout1 = nn.Dropout(0.25)
        self.fc1 = nn.Linear(9216, 128)
        self.fc2 = nn.Linear(128, 10)
    def forward(self, x):
        x = self.conv1(x)
        x = F.relu(x)
        x = self.conv2(x)
        x = F.relu(x)
        x = F.max_pool2d(x, 2)
        x = self.dropout1(x)
        x = torch.flatten(x, 1)
        x = self.fc1(x)
        x = F.relu(x)
        x = self.fc2(x)
        return F.log_softmax(x, dim=1)
def train(args, model, device, train_loader, optimizer):
    model.train()
    for data, target in train_loader:
        optimizer.zero_grad()
        loss = F.nll_loss(model(data), target)
        loss.backward()
        optimizer.step()
def main():
    model = Net().to('cpu')
    optimizer = optim.Adadelta(model.parameters(), lr=1.0)
    scheduler = StepLR(optimizer, step_size=1, gamma=0.7)
    for epoch in range(14):
        train(None, model, 'cpu', loader, optimizer)
if __name__ == '__main__':
    main()
`,
  },
  {
    name: 'PyTorch: clipped language model with a large rate',
    language: 'python',
    code: `import torch
from torch import nn
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(1000, 64)
        self.fc = nn.Linear(64, 64)
        self.out = nn.Linear(64, 4)
    def forward(self, text):
        return self.out(torch.relu(self.fc(self.embedding(text))))
model = Model()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=20.0)
def train(batches):
    for text, label in batches:
        loss = criterion(model(text), label)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()
`,
  },
  {
    name: 'PyTorch: softmax for the policy, logits for the loss',
    language: 'python',
    code: `import torch
import torch.nn as nn
import torch.nn.functional as F
class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine1 = nn.Linear(4, 128)
        self.affine2 = nn.Linear(128, 2)
    def forward(self, x):
        logits = self.affine2(F.relu(self.affine1(x)))
        return logits, F.softmax(logits, dim=1)
policy = Policy()
criterion = nn.CrossEntropyLoss()
def step(x, y):
    logits, probabilities = policy(x)
    return criterion(logits, y)
`,
  },
  {
    name: 'PyTorch: activation chosen by name, attention, and a residual',
    language: 'python',
    code: `import torch.nn as nn
class Block(nn.Module):
    def __init__(self, d, act):
        super().__init__()
        self.q = nn.Linear(d, d)
        self.k = nn.Linear(d, d)
        self.proj = nn.Linear(d, d)
        self.linear1 = nn.Linear(d, 4 * d)
        self.act = getattr(nn, act)()
        self.linear2 = nn.Linear(4 * d, d)
        self.norm = nn.LayerNorm(d)
    def forward(self, x):
        attention = (self.q(x) @ self.k(x).transpose(-2, -1)).softmax(-1)
        x = x + self.proj(attention @ x)
        return x + self.linear2(self.act(self.linear1(self.norm(x))))
model = nn.Sequential(*[Block(64, 'GELU') for _ in range(12)], nn.Linear(64, 10))
`,
  },
  {
    name: 'PyTorch: optimizing an input, and a schedule that scales the rate',
    language: 'python',
    code: `import torch
from torch import nn, optim
image = torch.rand(1, 3, 64, 64, requires_grad=True)
style = optim.Adam([image], lr=1.0)
net = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 1))
optimizer = optim.Adam(net.parameters(), lr=1.0, betas=(0.9, 0.98))
schedule = optim.lr_scheduler.LambdaLR(optimizer, lr_lambda=lambda step: 64 ** -0.5 * min(step ** -0.5, step * 4000 ** -1.5))
`,
  },
  {
    name: 'tfjs: XOR with a brisk rate',
    language: 'javascript',
    code: `const tf = require('@tensorflow/tfjs-node');
const model = tf.sequential();
model.add(tf.layers.dense({ inputShape: [2], units: 4, activation: 'tanh' }));
model.add(tf.layers.dense({ units: 1, activation: 'sigmoid' }));
model.compile({ optimizer: tf.train.adam(0.1), loss: 'meanSquaredError' });
`,
  },
  {
    name: 'tfjs: linear regression in a browser script',
    language: 'javascript',
    code: `async function run() {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] });
  model.compile({ loss: tf.losses.meanSquaredError, optimizer: tf.train.sgd(1.5) });
  await model.fit(tf.tensor2d([1, 2], [2, 1]), tf.tensor2d([1, 3], [2, 1]), { epochs: 250 });
}
run();
`,
  },
  {
    name: 'TypeScript: a convolutional network in a class',
    language: 'typescript',
    code: `import * as tf from '@tensorflow/tfjs';
import type { Options } from './options';
export class Classifier {
  private model?: tf.LayersModel;
  constructor(private readonly options: Options) {}
  build(): tf.LayersModel {
    const model = tf.sequential();
    model.add(tf.layers.conv2d({ inputShape: [28, 28, 1], kernelSize: 5, filters: 8, activation: 'relu', kernelInitializer: 'varianceScaling' }));
    model.add(tf.layers.maxPooling2d({ poolSize: [2, 2] }));
    if (this.options.deep) model.add(tf.layers.conv2d({ kernelSize: 3, filters: 16 }));
    model.add(tf.layers.flatten());
    model.add(tf.layers.dense({ units: this.options.units, activation: this.options.activation as 'relu' }));
    model.add(tf.layers.dense({ units: 10, activation: 'softmax' }));
    model.compile({ optimizer: tf.train.rmsprop(0.001), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
    return (this.model = model);
  }
}
`,
  },
  {
    name: 'tfjs: logits with a loss that takes them',
    language: 'javascript',
    code: `import { layers, losses, sequential, train } from '@tensorflow/tfjs';
const model = sequential();
model.add(layers.dense({ units: 32, activation: 'relu', inputShape: [8] }));
model.add(layers.dense({ units: 4 }));
model.compile({ optimizer: train.adam(), loss: losses.softmaxCrossEntropy });
`,
  },
  {
    name: 'tfjs: weights given, whatever the initialiser says',
    language: 'javascript',
    code: `import * as tf from '@tensorflow/tfjs';
export function restore(kernel, bias) {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 8, inputShape: [4], activation: 'relu', kernelInitializer: 'zeros', weights: [kernel, bias] }));
  model.add(tf.layers.dense({ units: 1, kernelInitializer: 'zeros', weights: [kernel, bias] }));
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
  return model;
}
`,
  },
  {
    name: 'tfjs: a class whose functions are fields',
    language: 'javascript',
    code: `import * as tf from '@tensorflow/tfjs';
export class Trainer {
  model = tf.sequential();
  build = () => {
    this.model.add(tf.layers.dense({ units: 12, inputShape: [4], activation: 'relu' }));
    this.model.add(tf.layers.dense({ units: 3, activation: 'softmax' }));
  };
  start = async (xs, ys, { rate = 0.01, epochs = 20 } = {}) => {
    this.model.compile({ optimizer: tf.train.adam(rate), loss: 'categoricalCrossentropy' });
    await this.model.fit(xs, ys, { epochs });
  };
}
`,
  },
  {
    name: 'PyTorch: one layer of small weights under ELU',
    language: 'python',
    code: `import torch.nn as nn
class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(4, 64)
        self.two = nn.Linear(64, 64)
        self.out = nn.Linear(64, 1)
        nn.init.normal_(self.one.weight, std=0.02)
    def forward(self, x):
        x = nn.functional.elu(self.one(x))
        return self.out(nn.functional.elu(self.two(x)))
`,
  },
  {
    name: 'PyTorch: a stand-in for a network in a test',
    language: 'python',
    code: `import torch.nn as nn
from project import count_parameters
def test_counts_weights_and_biases():
    model = nn.Sequential(nn.Linear(16, 8), nn.Linear(8, 2))
    assert count_parameters(model) == 154
`,
  },
  {
    name: 'tfjs: a stand-in for a network in a test',
    language: 'javascript',
    code: `import * as tf from '@tensorflow/tfjs';
import { summarize } from '../src/summary';
it('names every layer', () => {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 4, inputShape: [4] }));
  model.add(tf.layers.dense({ units: 2 }));
  expect(summarize(model)).toHaveLength(2);
});
`,
  },
];
