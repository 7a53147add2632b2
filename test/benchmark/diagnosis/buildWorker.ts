/** Process that builds networks, checks their labels and asks the peers, with tfjs as it comes. */

import { BuiltNetworks } from './builtNetworks';
import type { BuildJob, JobResult } from './jobs';
import { registerFastFilterGradient } from './plainBackend';
import { SPECS } from './specs/specs';

const [root, wasmFolder] = process.argv.slice(2);
registerFastFilterGradient();
const networks = BuiltNetworks.open(root, wasmFolder);

process.on('message', (job: BuildJob) => {
  const spec = SPECS.find(({ id }) => id === job.id)!;
  const build = async (): Promise<JobResult> => {
    const built = await networks;
    return { job, result: { labels: await built.checkedLabels(spec), peers: await built.peerVerdicts(spec) } };
  };
  build().then(
    (result) => process.send!(result),
    (error: unknown) => {
      process.stderr.write(`${job.id}: ${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    },
  );
});
