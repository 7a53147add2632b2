import type { Suggestion } from '../../report/report';

/** Rescale the gradient when its norm exceeds a limit (Pascanu et al. 2013, arXiv:1211.5063). */
export function clipGradients(): Suggestion {
  return {
    fix: 'clip-gradients',
    title: 'Clip the norm of the gradient to 1',
    rationale:
      'Clipping bounds every step, so that one exploding batch cannot destroy the weights; it does not remove the cause. tfjs has no switch for it: compute the gradients with tf.variableGrads and scale them before optimizer.applyGradients.',
    code: { tfjs: null, keras: 'keras.optimizers.Adam(learning_rate=0.001, clipnorm=1.0)' },
    effect: null,
  };
}
