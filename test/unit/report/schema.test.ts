import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { GenericSchema, InferOutput } from 'valibot';
import { describe, expect, it } from 'vitest';
import type { DiagnosisError } from '../../../src/report/errors';
import { RULE_NAMES } from '../../../src/report/health';
import type { Report } from '../../../src/report/report';
import { ReportSchema, RuleIdSchema, checkReport } from '../../../src/report/schema';
import { report } from '../render/reports';

type ReadonlyData<T> = T extends readonly (infer Item)[]
  ? readonly ReadonlyData<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: ReadonlyData<T[Key]> }
    : T;
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Replaces the value at `keys` in a copy. */
function changed(keys: readonly (string | number)[], value: unknown): unknown {
  const copy: unknown = structuredClone(report());
  let target = copy as Record<string | number, unknown>;
  for (const key of keys.slice(0, -1)) target = target[key] as Record<string | number, unknown>;
  target[keys[keys.length - 1]] = value;
  return copy;
}

function problem(value: unknown): DiagnosisError {
  try {
    checkReport(value);
  } catch (error) {
    return error as DiagnosisError;
  }
  throw new Error('The report was accepted.');
}

describe('checkReport', () => {
  it('describes the type Report, no more and no less', () => {
    // Fails to compile when the two differ.
    const same: Same<ReadonlyData<InferOutput<typeof ReportSchema>>, ReadonlyData<Report>> = true;
    expect(same).toBe(true);
    expect([...RuleIdSchema.options].sort()).toEqual(Object.keys(RULE_NAMES).sort());
  });

  it('gives a report back as it is, also after a journey through JSON', () => {
    expect(checkReport(report())).toEqual(report());
    expect(checkReport(JSON.parse(JSON.stringify(report())))).toEqual(report());
  });

  it.each([
    ['a missing property', ['findings'], undefined, 'findings'],
    ['an unknown property', ['model', 'size'], 1, 'model.size'],
    ['NaN', ['layers', 0, 'output', 'mean'], NaN, 'layers.0.output.mean'],
    ['infinity', ['layers', 1, 'gradient', 'outputRms'], Infinity, 'layers.1.gradient.outputRms'],
    ['a share above 1', ['layers', 0, 'output', 'zeroShare'], 1.5, 'layers.0.output.zeroShare'],
    ['a negative count', ['layers', 0, 'parameters'], -1, 'layers.0.parameters'],
    ['a fraction as a count', ['probe', 'samples'], 0.5, 'probe.samples'],
    ['a number as text', ['probe', 'samples'], '512', 'probe.samples'],
    ['an unknown rule', ['findings', 0, 'rule'], 'bad-luck', 'findings.0.rule'],
    ['an infinite evidence', ['findings', 0, 'evidence', 'ratio'], -Infinity, 'findings.0.evidence.ratio'],
    ['a time that is none', ['run', 'startedAt'], 'today', 'run.startedAt'],
  ])('refuses %s and says where', (_what, keys, value, place) => {
    expect(problem(changed(keys, value)).problem).toMatchObject({ code: 'invalid-data', place });
  });

  describe.each([
    ['mean', NaN],
    ['mean', undefined],
    ['minimum', '1'],
    ['standardDeviation', Infinity],
    ['activeSamples', 0.5],
    ['nonFinite', -1],
    ['zeroShare', 1.5],
    ['zeroShare', null],
  ])('of units', (statistic, wrong) => {
    const perUnit = {
      activeSamples: [0, 3],
      mean: [null, 1],
      standardDeviation: [null, 1],
      minimum: [null, -1],
      maximum: [null, 2],
      zeroShare: [0, 0.5],
      nonFinite: [2, 0],
    };

    it(`refuses ${String(wrong)} as ${statistic} of one, and says where`, () => {
      const place = ['layers', 0, 'output', 'perUnit'];
      expect(checkReport(changed(place, perUnit))).toEqual(changed(place, perUnit));
      const list: unknown[] = [...perUnit[statistic as keyof typeof perUnit]];
      list[1] = wrong;
      expect(problem(changed(place, { ...perUnit, [statistic]: list })).problem).toMatchObject({
        code: 'invalid-data',
        place: `layers.0.output.perUnit.${statistic}.1`,
      });
    });
  });

  it.each([null, undefined, 7, 'text', [], {}])('refuses %j', (value) => {
    expect(problem(value).code).toBe('invalid-data');
  });

  it('tells a report of another schema version from something else', () => {
    const error = problem({ ...report(), schemaVersion: 2 });
    expect(error.code).toBe('unsupported-format');
    expect(error.message).toContain('2');
  });

  it('does not let a stored report change the prototype of objects', () => {
    const text = JSON.stringify(report()).replace('"evidence":{', '"evidence":{"__proto__":{"polluted":1},');
    const { findings } = checkReport(JSON.parse(text));
    expect(Object.hasOwn(findings[0].evidence, '__proto__')).toBe(false);
    expect((findings[0].evidence as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('docs/report.md', () => {
  const text = readFileSync(path.resolve(import.meta.dirname, '../../../docs/report.md'), 'utf8');

  it('names every property of the schema', () => {
    const missing = [...propertyNames(ReportSchema)].filter((name) => !text.includes(`\`${name}\``));
    expect(missing).toEqual([]);
  });
});

interface SchemaNode extends GenericSchema {
  readonly entries?: Readonly<Record<string, SchemaNode>>;
  readonly item?: SchemaNode;
  readonly wrapped?: SchemaNode;
}

/** The names of all properties that a schema describes. */
function propertyNames(schema: unknown, found = new Set<string>()): Set<string> {
  const { entries = {}, item, wrapped } = schema as SchemaNode;
  for (const [name, child] of Object.entries(entries)) {
    found.add(name);
    propertyNames(child, found);
  }
  if (item) propertyNames(item, found);
  if (wrapped) propertyNames(wrapped, found);
  return found;
}
