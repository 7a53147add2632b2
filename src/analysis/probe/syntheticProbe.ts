import type { ProbeInput } from '../../report/report';
import { fillNormal } from '../backend/normalDraws';
import type { NetworkInput } from '../model/network';
import { InputStatistics, sizeOf } from './inputStatistics';
import { roomFor, type InputBox, type InputValues, type Probe, type ProbeBatch } from './probe';
import { mulberry32 } from './random';

/**
 * Endless seeded noise of the kind that each input takes: uniform over the range of images, valid indices, else N(0, 1).
 * Value j of input k, counted over all samples, is draw j of mulberry32(seed + k), so a sample depends on nothing but
 * the seed, the input's index and its own index.
 */
export function syntheticProbe(inputs: readonly NetworkInput[], seed: number): Probe {
  const noises = inputs.map((input, index) => new InputNoise(input, seed + index));
  return {
    available: Infinity,
    inputs: noises.map((noise) => noise.description),
    labelShapes: null,
    labelRanges: () => null,
    batch(start: number, count: number, spent?: ProbeBatch): Promise<ProbeBatch> {
      const values = noises.map((noise, k) => noise.draw(start, count, spent?.inputs[k]));
      return Promise.resolve({ samples: count, inputs: values, labels: null });
    },
    summary: () => noises.map((noise) => ({ ...noise.description, ...noise.statistics.summary })),
    box: (input: number) => noises[input].box,
    limits: [
      'Measured on synthetic noise, not on your data: give real data to be sure.',
      ...inputs
        .filter(isUnlimited)
        .map(({ name }) => `The valid range of the integers of ${name} is not known: 0 and 1 were drawn.`),
    ],
  };
}

class InputNoise {
  readonly description: Pick<ProbeInput, 'name' | 'shape' | 'source' | 'file'>;
  readonly statistics: InputStatistics;
  private readonly size: number;

  constructor(
    private readonly input: NetworkInput,
    private readonly seed: number,
  ) {
    this.size = sizeOf(input.shape);
    this.statistics = new InputStatistics(this.size);
    const source = this.limit !== null ? 'integers' : input.kind === 'image' ? 'uniform' : 'normal';
    this.description = { name: input.name, shape: input.shape, source, file: null };
  }

  /** Samples `[count, ...shape]` from `start` on. */
  draw(start: number, count: number, spent?: InputValues): InputValues {
    const { size, limit } = this;
    const length = count * size;
    const room = roomFor(length, spent);
    const values = this.input.dtype === 'float32' ? new Float32Array(room, 0, length) : new Int32Array(room, 0, length);
    const first = start * size;
    if (this.description.source === 'normal') {
      fillNormal(values, this.seed, first);
    } else {
      const draw = mulberry32(this.seed, first);
      const [lowest, highest] = this.range;
      for (let i = 0; i < length; i++) {
        values[i] = limit === null ? lowest + draw() * (highest - lowest) : Math.floor(draw() * limit);
      }
    }
    this.statistics.add(values, start);
    return values;
  }

  get box(): InputBox {
    if (this.description.source === 'normal') return this.statistics.box;
    const [lowest, highest] = this.range;
    const filled = (value: number) => new Float32Array(this.size).fill(value);
    return { lower: filled(lowest), upper: filled(highest), source: 'declared' };
  }

  /** Lowest and highest value that can be drawn. */
  private get range(): readonly [number, number] {
    return this.limit === null ? (this.input.range ?? [0, 1]) : [0, this.limit - 1];
  }

  /** One more than the largest integer to draw; null for inputs that take any number. */
  private get limit(): number | null {
    const { dtype, kind, limit } = this.input;
    if (dtype === 'bool') return 2;
    if (kind === 'indices') return limit ?? 2;
    if (dtype === 'int32') return limit ?? (kind === 'image' ? 256 : 2);
    return null;
  }
}

function isUnlimited({ dtype, kind, limit }: NetworkInput): boolean {
  return limit === null && dtype !== 'bool' && (kind === 'indices' || (dtype === 'int32' && kind === 'features'));
}
