/** Code of a suggestion that several reports share. */
export const HE_CODE = {
  tfjs: "tf.layers.dense({\n  units: 128,\n  activation: 'relu',\n  kernelInitializer: 'heUniform',\n})",
  keras: "keras.layers.Dense(128, activation='relu', kernel_initializer='he_uniform')",
};
