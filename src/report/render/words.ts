/** Sentences that the text and Markdown reports share. */

import { formatCount, formatNumber, formatPlural, formatShape } from '../format';
import type { ProbeInput, Report, Suggestion } from '../report';

export const SEVERITY_WORDS = { error: 'Error', warning: 'Warning', information: 'Note' } as const;

/** The library that the model was made with. */
export function codeLanguage({ model }: Report): keyof Suggestion['code'] {
  const { format, generatedBy } = model.file;
  return format.startsWith('keras') || /keras/i.test(generatedBy ?? '') ? 'keras' : 'tfjs';
}

/** The suggestion's code in the library that the model was made with, else in the other one. */
export function codeFor(report: Report, { code }: Suggestion): string | null {
  return code[codeLanguage(report)] ?? code.tfjs ?? code.keras;
}

/** Why the suggestion was made and, where it has been tried, what it did. */
export function reasonFor({ rationale, effect }: Suggestion): string {
  if (effect === null) return rationale;
  const { quantity, before, after, how } = effect;
  const change = `${formatNumber(before)} → ${formatNumber(after)}`;
  return `${rationale} ${quantity.charAt(0).toUpperCase()}${quantity.slice(1)}: ${change}. ${how}`;
}

/** `Sequential, 2,788 weights, trained by SGD at 1.5`. */
export function modelLine({ model }: Report): string {
  const { training } = model;
  const optimizer = training?.optimizer ?? null;
  const rate = training?.learningRate ?? null;
  const trained =
    optimizer === null ? [] : [`trained with ${optimizer}${rate === null ? '' : ` at ${formatNumber(rate)}`}`];
  return [model.className, formatPlural(model.parameters, 'weight'), ...trained].join(', ');
}

const ENDINGS: Readonly<Record<Report['probe']['ended'], string>> = {
  settled: 'until the silent units no longer changed',
  data: 'all that the data hold',
  budget: 'the most that the budget allows',
  fixed: 'as asked for',
};

/** `1,024 samples (until the silent units no longer changed), seed 0`. */
export function samplesLine({ probe }: Report): string {
  return `${formatPlural(probe.samples, 'sample')} (${ENDINGS[probe.ended]}), seed ${probe.seed}`;
}

const SOURCES: Readonly<Record<ProbeInput['source'], string>> = {
  uniform: 'synthetic, uniform',
  normal: 'synthetic, standard normal',
  integers: 'synthetic, random indices',
  data: 'data',
};

/** `input_1: 28×28×1 from x.npy, 0 to 1, mean 0.13 ± 0.31`. */
export function inputLine({ name, shape, source, file, ...statistics }: ProbeInput): string {
  const { minimum, maximum, mean, standardDeviation } = statistics;
  const from = file === null ? SOURCES[source] : `from ${file}`;
  const range = minimum === null ? '' : `, ${formatNumber(minimum)} to ${formatNumber(maximum)}`;
  const spread = mean === null ? '' : `, mean ${formatNumber(mean)} ± ${formatNumber(standardDeviation)}`;
  return `${name}: ${formatShape(shape)}, ${from}${range}${spread}`;
}

/** What was back-propagated, or why nothing was. */
export function backwardLine({ probe: { backward, labels } }: Report): string {
  if (backward.source === 'none') return `not run: ${backward.unknown ?? 'not possible for this model'}`;
  const random = `random unit vector at the logits, ${formatPlural(backward.samples, 'sample')}`;
  if (backward.loss === null) return labels ? random : `${random}; no labels were given`;
  return `${random}; ${backward.loss.name} on your labels: ${formatNumber(backward.loss.value)}`;
}

/** `and in a, b and 3 more layers`: names short enough for a line. */
export function alsoIn(names: readonly string[], shown = 4): string {
  const more = names.length - shown;
  return more > 1 ? `${names.slice(0, shown).join(', ')} and ${formatCount(more)} more` : names.join(', ');
}
