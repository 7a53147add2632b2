import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advise } from '../../../src/code/advice/advise';
import { applyEdits, combine, fixAll } from '../../../src/code/fixes/edits';
import type { LanguageId } from '../../../src/code/languages';
import { CodeDocument } from '../../../src/code/parser';
import { FAULTY_PYTHON, FAULTY_TFJS, type Faulty } from './faulty';

interface Trained {
  readonly model: tf.LayersModel;
  readonly xs: tf.Tensor;
  readonly ys: tf.Tensor;
}

/** Runs a script and trains its model for one step; gives the loss. */
async function trainOneStep(code: string): Promise<number> {
  const module: { exports: Trained | null } = { exports: null };
  const run = compileFunction(code, ['require', 'module']) as (
    require: (name: string) => unknown,
    into: typeof module,
  ) => void;
  run(() => tf, module);
  const { model, xs, ys } = module.exports!;
  const { history } = await model.fit(xs, ys, { epochs: 1, batchSize: 8, verbose: 0 });
  model.dispose();
  return history['loss'][0] as number;
}

/** Every fix of every finding, with the code it leaves. */
const fixed = (language: LanguageId, { name, rule, code }: Faulty) =>
  advise(new CodeDocument(language, code)).flatMap((finding) =>
    finding.fixes.map((fix) => ({ name: `${name}: ${fix.title}`, rule, fix, code: applyEdits(code, fix.edits) })),
  );

const hasRule = (language: LanguageId, code: string, rule: string): boolean =>
  advise(new CodeDocument(language, code)).some((finding) => finding.rule === rule);

describe('quick fixes in JavaScript', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });
  afterAll(() => tf.disposeVariables());

  it.each(FAULTY_TFJS)('$name: the fixture trains', async ({ code }) => {
    expect(await trainOneStep(code)).toBeTypeOf('number');
  });
  it.each(FAULTY_TFJS.flatMap((faulty) => fixed('javascript', faulty)))('$name', async ({ rule, code }) => {
    expect(await trainOneStep(code)).toSatisfy(Number.isFinite);
    expect(hasRule('javascript', code, rule)).toBe(false);
  });
  it('every fault has a fix', () => {
    for (const faulty of FAULTY_TFJS) expect(fixed('javascript', faulty), faulty.name).not.toEqual([]);
  });
  it('titles are short', () => {
    const all = [
      ...FAULTY_TFJS.flatMap((one) => fixed('javascript', one)),
      ...FAULTY_PYTHON.flatMap((one) => fixed('python', one)),
    ];
    for (const { fix } of all) expect(fix.title.length, fix.title).toBeLessThanOrEqual(60);
  });
  it('keeps quotes, semicolons and everything else', () => {
    const faulty = FAULTY_TFJS.find(({ rule }) => rule === 'symmetric-units')!;
    const [first] = fixed('javascript', faulty);
    expect(first.code).toBe(faulty.code.replace('"zeros"', '"heUniform"'));
  });
});

const python = spawnSync('python3', ['--version']).status === 0;

describe('quick fixes in Python', () => {
  const all = FAULTY_PYTHON.flatMap((faulty) => fixed('python', faulty));

  it.skipIf(!python)(`compile with ${python ? 'python3' : 'python3, which is not here'}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'fixes-'));
    try {
      const files = all.map(({ code }, i) => {
        const file = join(folder, `fix${i}.py`);
        writeFileSync(file, code);
        return file;
      });
      expect(files.length).toBeGreaterThan(FAULTY_PYTHON.length);
      execFileSync('python3', ['-m', 'py_compile', ...files], { stdio: 'pipe' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
  it.each(all)('$name', ({ rule, code }) => {
    expect(hasRule('python', code, rule)).toBe(false);
  });
  it('every fault has a fix', () => {
    for (const faulty of FAULTY_PYTHON) expect(fixed('python', faulty), faulty.name).not.toEqual([]);
  });

  const before = (name: string): string => FAULTY_PYTHON.find((one) => one.name.includes(name))!.code;
  const after = (name: string, id: string): string => {
    const code = before(name);
    const fix = advise(new CodeDocument('python', code))
      .flatMap(({ fixes }) => fixes)
      .find((one) => one.id === id)!;
    return applyEdits(code, fix.edits);
  };
  it('unwraps a function call', () => {
    expect(after('softmax before CrossEntropyLoss', 'linear-output')).toBe(
      before('softmax before CrossEntropyLoss').replace('F.softmax(self.fc2(x), dim=1)', 'self.fc2(x)'),
    );
  });
  it('takes a layer out of a list with its comma', () => {
    const code = before('sigmoid before BCEWithLogitsLoss');
    expect(after('sigmoid before BCEWithLogitsLoss', 'linear-output')).toBe(code.replace('    nn.Sigmoid(),\n', ''));
  });
  it('adds to an import in parentheses', () => {
    const code = before('softmax with from_logits')
      .replace(/"softmax", name.*/, '"softmax"),')
      .replace('"relu"', '"sigmoid"');
    const deep = code.replace(/( +Dense\(128.*\n)/, '$1$1$1$1');
    const fixes = advise(new CodeDocument('python', deep)).flatMap((finding) => finding.fixes);
    const text = applyEdits(deep, fixes.find((fix) => fix.id === 'batch-normalization')!.edits);
    expect(text).toContain('    Flatten, BatchNormalization,\n)');
    expect(text.match(/\n {4}BatchNormalization\(\),/g)).toHaveLength(4);
  });
});

describe('edits', () => {
  it('fixes all of a kind in one go', () => {
    const layer = "model.add(tf.layers.dense({units: 8, activation: 'relu', kernelInitializer: 'zeros'}));\n";
    const code = `const model = tf.sequential();\n${layer}${layer.replace("'zeros'", "'ones'")}model.add(tf.layers.dense({units: 1}));\n`;
    const fixes = advise(new CodeDocument('javascript', code)).flatMap((finding) => finding.fixes);
    const all = fixAll(fixes, 'he-initialization')!;
    expect(applyEdits(code, all.edits)).toBe(code.replace("'zeros'", "'heUniform'").replace("'ones'", "'heUniform'"));
  });
  it('refuses edits that contradict each other', () => {
    expect(
      combine([
        { from: 0, to: 4, text: 'a' },
        { from: 2, to: 6, text: 'b' },
      ]),
    ).toBeNull();
    expect(
      combine([
        { from: 2, to: 2, text: 'a' },
        { from: 2, to: 2, text: 'b' },
      ]),
    ).toBeNull();
  });
  it('makes the same edit once', () => {
    expect(
      combine([
        { from: 2, to: 2, text: 'a' },
        { from: 2, to: 2, text: 'a' },
      ]),
    ).toHaveLength(1);
  });
});
