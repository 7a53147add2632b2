import { beforeAll } from 'vitest';
import { startBackend } from '../../../src/analysis/backend/backend';
import { FLOAT32, statisticsCases } from './statisticsCases';
import { WASM_FOLDER } from './support';

beforeAll(() => startBackend(WASM_FOLDER));

statisticsCases(FLOAT32);
