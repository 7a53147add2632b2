import { RECTIFIERS } from '../catalogue/activations';
import { lossNote } from '../catalogue/losses';
import type { ActivationUse, CodeModel, LayerUse, LossUse, ModelDefinition, Step } from '../facts';
import { removeActivation, replaceOutputActivation } from '../fixes/activation';
import { replaceLoss, setFromLogits } from '../fixes/loss';
import type { Fix } from '../fixes/edits';
import type { Source } from '../fixes/source';
import type { CodeFinding, Rule } from './finding';

/** What the loss is given: the last activation and the layer under it. */
interface Output {
  readonly activation: ActivationUse;
  readonly name: string;
  readonly layer: LayerUse;
  /** The step of an activation that is written apart from the layer. */
  readonly step: Step | null;
}

/** Outputs that do not suit the loss they are given to. */
export const outputActivation: Rule = (model, source) =>
  model.losses.flatMap((loss) => {
    const output = loss.model === null || loss.output === null ? null : outputOf(loss.model, loss.output);
    const note = loss.name === null ? null : lossNote(loss.name);
    if (output === null || note === null || loss.takes === null) return [];
    if (trainsInsideAnother(loss.model!, model)) return [];
    const found = judge(loss, note.kind, note.title, output, source);
    return found === null ? [] : [found];
  });

/**
 * Whether a network is a part of another one that is given a loss, and is not trained itself: the generator of a GAN is
 * often compiled, but its loss is that of the discriminator on top of it.
 */
const trainsInsideAnother = (part: ModelDefinition, { losses, fits }: CodeModel): boolean =>
  part.nested &&
  !fits.some((fit) => fit.model === part) &&
  losses.some(({ model }) => model !== null && model !== part && holds(model, part));

/** Whether a network is known to hold another, or may do so because it holds one that was not followed. */
const holds = (whole: ModelDefinition, part: ModelDefinition): boolean => {
  const own = new Set(part.steps.flatMap(({ layer }) => (layer === null ? [] : [layer.range.from])));
  return whole.steps.some(
    ({ operation, layer }) =>
      operation === 'model' || (layer !== null && own.has(layer.range.from) && whole.steps.length > part.steps.length),
  );
};

/** Larger regression outputs are reconstructions, whose targets are often not negative. */
const REGRESSION_UNITS = 16;

function judge(
  loss: LossUse,
  kind: NonNullable<ReturnType<typeof lossNote>>['kind'],
  title: string,
  output: Output,
  source: Source,
): CodeFinding | null {
  const { name, layer } = output;
  const rectified = RECTIFIERS.has(name);
  const warn = (message: string, ...fixes: readonly (readonly Fix[])[]): CodeFinding => ({
    rule: 'output-activation-mismatch',
    severity: 'warning',
    message,
    range: output.activation.range,
    fixes: fixes.flat(),
  });
  const become = (to: string): readonly Fix[] =>
    replaceOutputActivation(output.activation, output.step, layer, to, source);
  const remove = (): readonly Fix[] => removeActivation(output.activation, output.step, layer, source);
  const wide = layer.units === null || layer.units > 1;

  if (layer.units === 1 && name === 'softmax' && layer.role === 'dense')
    return warn('Softmax over a single unit is always 1: the network cannot learn. Use sigmoid.', become('sigmoid'));

  if (kind === 'categorical' && loss.takes === 'logits') {
    if (name === 'softmax')
      return warn(
        `${title} applies the softmax itself here; on top of softmax outputs it sees values between 0 and 1 and the gradient shrinks. Return logits.`,
        remove(),
        setFromLogits(loss, false, source),
      );
    if (name === 'sigmoid' && wide)
      return warn(
        `${title} takes logits here; sigmoid squeezes them into 0 to 1, so that no class can get a probability near 1. Return logits.`,
        remove(),
      );
    if (rectified)
      return warn(
        'ReLU before a softmax cross-entropy cuts every negative logit to 0: a class whose unit is not active gets no gradient from it. Return logits without an activation.',
        remove(),
      );
  }
  if (kind === 'categorical' && loss.takes === 'probabilities' && wide) {
    if (name === 'sigmoid')
      return warn(
        `${title} expects probabilities that sum to 1 over the classes; sigmoid gives each unit one of its own. Use softmax, or binary cross-entropy if several classes can be true at once.`,
        become('softmax'),
        replaceLoss(loss, 'binary_crossentropy', source),
      );
    if (name === 'linear' || rectified || name === 'tanh')
      return warn(
        `${title} expects probabilities, and this output is ${name === 'linear' ? 'linear' : `a ${name}`}. Use softmax, or tell the loss that it gets logits${name === 'linear' ? '' : ' of a linear output'}.`,
        become('softmax'),
        ...(name === 'linear' ? [setFromLogits(loss, true, source)] : []),
      );
  }
  if (kind === 'categorical' && loss.takes === 'log-probabilities') {
    if (name === 'softmax')
      return warn(`${title} expects log-probabilities: give it log-softmax, not softmax.`, become('log_softmax'));
    if (rectified || name === 'sigmoid')
      return warn(`${title} expects log-probabilities: give it log-softmax, not ${name}.`, become('log_softmax'));
  }
  if (kind === 'binary' && loss.takes === 'logits' && (name === 'sigmoid' || name === 'softmax'))
    return warn(
      `${title} applies the sigmoid itself here; on top of ${name} outputs the gradient shrinks. Return logits.`,
      remove(),
      setFromLogits(loss, false, source),
    );
  if (kind === 'binary' && loss.takes === 'probabilities' && (name === 'linear' || rectified || name === 'tanh'))
    return warn(
      `${title} expects probabilities between 0 and 1, and this output is ${name === 'linear' ? 'linear' : `a ${name}`}. Use sigmoid.`,
      become('sigmoid'),
      ...(name === 'linear' ? [setFromLogits(loss, true, source)] : []),
    );
  if (kind === 'regression' && rectified && layer.role === 'dense' && (layer.units ?? Infinity) <= REGRESSION_UNITS)
    return {
      ...warn(
        'ReLU on the output of a regression: a unit that falls below 0 for all samples gets no gradient and predicts 0 for ever. Use a linear output, or softplus where targets are never negative.',
        become('linear'),
        become('softplus'),
      ),
      severity: 'information',
    };
  return null;
}

/** Follows an output back to the layer with weights that makes it. */
function outputOf(model: ModelDefinition, step: Step): Output | null {
  let at: Step | undefined = step;
  let found: { use: ActivationUse; step: Step } | null = null;
  while (at !== undefined && at.certain) {
    if (at.operation === 'activation') {
      if (at.activation === null || at.activation.name === null) return null;
      // Of several activations only the last is judged; what stands before a softmax is its own affair.
      if (at.activation.name !== 'linear') found ??= { use: at.activation, step: at };
    } else if (at.operation !== 'layer' || at.layer === null) return null;
    else if (at.layer.role === 'dense' || at.layer.role === 'convolution' || at.layer.role === 'recurrent')
      return describe(at.layer, found);
    else if (at.layer.role !== 'dropout' && at.layer.role !== 'shape') return null;
    const [input]: readonly number[] = at.inputs;
    if (at.inputs.length !== 1 || input === undefined) return null;
    at = model.steps[input];
  }
  return null;
}

function describe(layer: LayerUse, found: { use: ActivationUse; step: Step } | null): Output | null {
  const own = layer.activation;
  if (own === null || own.name === null) return null;
  if (found !== null) return { activation: found.use, name: found.use.name!, layer, step: found.step };
  return { activation: own, name: own.name, layer, step: null };
}
