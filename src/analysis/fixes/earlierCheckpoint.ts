import type { Suggestion } from '../../report/report';

/** Weights that are NaN or infinite cannot be repaired. */
export function earlierCheckpoint(): Suggestion {
  return {
    fix: 'earlier-checkpoint',
    title: 'Go back to weights saved before the numbers broke',
    rationale:
      'NaN and infinite weights cannot be repaired. Train on from an earlier checkpoint with a lower learning rate, and stop the run when the loss is no longer finite.',
    code: {
      tfjs: 'const [loss] = await model.trainOnBatch(x, y);\nif (!Number.isFinite(loss)) throw new Error("The loss is not finite.");',
      keras: 'model.fit(x, y, callbacks=[keras.callbacks.TerminateOnNaN()])',
    },
    effect: null,
  };
}
