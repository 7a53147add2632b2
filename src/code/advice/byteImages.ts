import type { ModelDefinition } from '../facts';
import { scaleImages } from '../fixes/scaling';
import type { CodeFinding, Rule } from './finding';

/** Any sign that the file scales its data somewhere that is not followed, such as a helper that divides in place. */
const SCALES = /255|127\.5|\/=|normali[sz]|standardi[sz]|scal(e|ing|er)\b|preprocess/i;

/** Images that Keras loads as bytes from 0 to 255 and that reach `fit` as they are. */
export const byteImages: Rule = (model, source) =>
  model.fits.flatMap((fit): CodeFinding[] => {
    if (SCALES.test(source.text)) return [];
    if (fit.byteImages === null || fit.model === null || !startsUnscaled(fit.model)) return [];
    return [
      {
        rule: 'unnormalized-input',
        severity: 'warning',
        message:
          'These images are bytes from 0 to 255 and reach fit() as they are: sums in the first layer are some hundred times too large. Divide by 255, or begin the network with a Rescaling layer.',
        range: fit.byteImages.argument,
        fixes: scaleImages(fit.byteImages.range, source),
      },
    ];
  });

/** Whether the first layer with weights sees the images as they come. */
function startsUnscaled({ steps }: ModelDefinition): boolean {
  for (const step of steps) {
    if (step.operation === 'input' || step.operation === 'pooling') continue;
    if (step.operation !== 'layer' || step.layer === null || !step.certain) return false;
    const { role } = step.layer;
    if (role === 'dense' || role === 'convolution' || role === 'recurrent') return true;
    if (role !== 'shape' && role !== 'dropout') return false;
  }
  return false;
}
