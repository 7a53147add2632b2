/**
 * Measures how right the diagnosis is, on networks built from specifications, beside re-implemented rules of other tools.
 *
 *   npm run benchmark:diagnosis                  the tuning half, network by network, then totals
 *   npm run benchmark:diagnosis -- --held-out    totals of the other half, which nobody tunes to
 *   npm run benchmark:diagnosis -- --write       both, totals written to docs/diagnosis-benchmark.md
 *   npm run benchmark:diagnosis -- --only REGEX  networks of the tuning half whose id matches
 */
import { runBenchmark } from './run-benchmark.mjs';

await runBenchmark({ folder: 'diagnosis', outdir: 'bundle', entries: ['benchmark', 'buildWorker', 'diagnoseWorker'] });
