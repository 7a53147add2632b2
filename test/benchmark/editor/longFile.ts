/** A file of training code as long as any that is written by hand. */

const LINES = 5000;

const BLOCK = [
  'def make_model_N():',
  '    model = keras.Sequential()',
  "    model.add(keras.layers.Dense(512, activation='relu', kernel_initializer='he_normal'))",
  "    model.add(keras.layers.Dense(512, activation='sigmoid'))",
  "    model.add(keras.layers.Dense(10, activation='softmax'))",
  "    model.compile(optimizer=keras.optimizers.Adam(0.001), loss='categorical_crossentropy')",
  '    return model',
  '',
].join('\n');

/** 5,000 lines of Python, 625 networks. */
export const LONG_FILE = [
  'from tensorflow import keras',
  '',
  ...Array.from({ length: (LINES - 2) / BLOCK.split('\n').length }, (_, i) => BLOCK.replace('N', String(i))),
].join('\n');

/** The same, using a library that nobody knows: no training code. */
export const PLAIN_FILE = LONG_FILE.replace('from tensorflow import', 'from studio import');

/** Offsets that a tip explains, all over the file of training code. */
export const MENTIONS: readonly number[] = [
  ...LONG_FILE.matchAll(/'(relu|sigmoid|he_normal|categorical_crossentropy)'|Adam/g),
].map(({ index }) => index + 2);
