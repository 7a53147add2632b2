import { formatCount, formatNumber } from '../report/format';
import type { Finding, LayerReport, LearningRateLadder, Report } from '../report/report';

/** What the last diagnosis measured of one layer, in sentences. */
export function measuredLines(report: Report, layer: LayerReport): readonly string[] {
  const lines: string[] = [];
  const { samples } = report.probe;
  if (layer.dead !== null && layer.units !== null) {
    const { proved, confident, suspected, activeAtMost } = layer.dead;
    const silent = proved.length + confident.length;
    if (silent > 0) {
      const sure =
        activeAtMost === null
          ? ''
          : `, 95% sure that none of them is active on more than ${percent(activeAtMost)} of inputs`;
      lines.push(`${silent} of ${layer.units} units were never active on ${formatCount(samples)} samples${sure}.`);
    } else lines.push(`All ${layer.units} units were active on ${formatCount(samples)} samples.`);
    if (suspected.length > 0) lines.push(`${suspected.length} more were active on less than 1% of them.`);
  }
  if (layer.derivative !== null)
    lines.push(`Back-propagation keeps ${percent(layer.derivative.share)} of the best possible derivative here.`);
  if (layer.gradient?.outputRms != null)
    lines.push(`Gradient at the output: RMS ${formatNumber(layer.gradient.outputRms)}.`);
  const ladder = report.experiments.learningRates;
  if (layer.dead !== null && ladder !== null) lines.push(...ladderLines(ladder));
  // What was just told in numbers is not told again.
  const own = report.findings.filter((finding) => concerns(finding, layer.name) && finding.rule !== 'dead-relu');
  for (const finding of own.slice(0, 3)) lines.push(`${finding.title} (${finding.confidence.text}).`);
  return lines;
}

/** The lowest rate at which units die, and how many, after five steps on a copy of the network. */
function ladderLines({ rates, unitsAtRisk, optimizer }: LearningRateLadder): readonly string[] {
  const deadly = rates.find((each) => each.newlySilentAfterFive > 0);
  return deadly === undefined
    ? []
    : [
        `Five steps of ${optimizer} at a learning rate of ${formatNumber(deadly.rate)} silence ${deadly.newlySilentAfterFive} of the network's ${formatCount(unitsAtRisk)} working units.`,
      ];
}

/** What it found of the learning rate. */
export function learningRateLines(report: Report): readonly string[] {
  const ladder = report.experiments.learningRates;
  const found = report.findings
    .filter((finding) => finding.rule === 'learning-rate-too-high' || finding.cause?.id === 'learning-rate')
    .slice(0, 2)
    .map((finding) => `${finding.title}. ${finding.measured[0] ?? ''}`.trim());
  return [...found, ...(ladder === null ? [] : ladderLines(ladder))];
}

/** Realised and nominal spread of a layer's kernel. */
export function kernelLines(layer: LayerReport): readonly string[] {
  const kernel = layer.weights.find((weight) => weight.name.includes('kernel') && weight.standardDeviation !== null);
  if (kernel === undefined) return [];
  const nominal = kernel.nominalStandardDeviation;
  const asked = nominal === null ? '' : `; its initializer asks for ${formatNumber(nominal)}`;
  return [`Saved kernel: standard deviation ${formatNumber(kernel.standardDeviation)}${asked}.`];
}

const concerns = (finding: Finding, layer: string): boolean =>
  finding.layer === layer || finding.alsoIn.includes(layer);
/** Bounds on small shares need their digits: `0.6%`. */
const percent = (share: number): string => `${formatNumber(100 * share)}%`;
