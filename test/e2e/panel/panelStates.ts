/** The states in which the panel is drawn and checked. */

import type { PanelState } from '../../../src/report/protocol';
import { healthy, sick } from './cnnReports';
import { deep200, sigmoid50 } from './deepReports';
import { hostile, noLayers, unmeasured } from './oddReports';

export const STATES: Readonly<Record<string, PanelState>> = {
  sick: { kind: 'report', report: sick, stale: false },
  sigmoid50: { kind: 'report', report: sigmoid50, stale: false },
  healthy: { kind: 'report', report: healthy, stale: false },
  deep200: { kind: 'report', report: deep200, stale: false },
  stale: { kind: 'report', report: sick, stale: true, ignored: ['not-zero-centered', 'low-rank'] },
  hostile: { kind: 'report', report: hostile, stale: false },
  unmeasured: { kind: 'report', report: unmeasured, stale: false },
  noLayers: { kind: 'report', report: noLayers, stale: false },
  running: {
    kind: 'running',
    model: 'mnist-cnn/model.json',
    progress: { stage: 'forward', done: 0.5, detail: '512 of 1,024 samples' },
    startedAt: Date.now() - 3_000,
  },
  problem: {
    kind: 'problem',
    model: 'models/mnist-cnn/model.json',
    problem: {
      code: 'missing-shard',
      message: 'A weight file that the model refers to is missing.',
      place: 'models/mnist-cnn/group1-shard2of3.bin, named at weightsManifest[0].paths[1]',
      remedy: 'Put the file beside model.json, or save the model again.',
    },
  },
  empty: { kind: 'empty' },
};
