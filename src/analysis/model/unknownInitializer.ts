/** Stands for an initialiser that tfjs-layers does not know: the values of a loaded model come from its file. */

import * as tf from '@tensorflow/tfjs-core';

export class UnknownInitializer extends tf.serialization.Serializable {
  static readonly className = 'UnknownInitializer';
  private readonly kerasName: string;

  constructor({ kerasName }: { readonly kerasName: string }) {
    super();
    this.kerasName = kerasName;
  }

  apply(shape: tf.ShapeMap[tf.Rank], dtype?: tf.DataType): tf.Tensor {
    return tf.zeros(shape, dtype);
  }

  getConfig(): tf.serialization.ConfigDict {
    return { kerasName: this.kerasName };
  }
}

tf.serialization.registerClass(UnknownInitializer);
