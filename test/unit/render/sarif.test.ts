import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { renderSarif } from '../../../src/report/render/sarif';
import { finding, healthyReport, report } from './reports';

// The part of SARIF 2.1.0 (OASIS Standard, 27 March 2020) that the log uses, with the section of each object. Strict:
// the standard's schema allows no properties beyond its own but in property bags (3.8).

const message = v.strictObject({ text: v.pipe(v.string(), v.nonEmpty()) });
const properties = v.record(v.string(), v.unknown());
const index = v.pipe(v.number(), v.integer(), v.minValue(0));
/** RFC 3986: what may stand in a URI reference. */
const uri = v.pipe(v.string(), v.regex(/^(?:[\w.~!$&'()*+,;=:@/?#-]|%[0-9A-F]{2})+$/));

/** 3.4 */
const artifactLocation = v.strictObject({ uri, index: v.optional(index) });

const log = v.strictObject({
  $schema: v.pipe(v.string(), v.url()),
  version: v.literal('2.1.0'),
  // 3.14 run
  runs: v.array(
    v.strictObject({
      // 3.18 tool, 3.19 toolComponent
      tool: v.strictObject({
        driver: v.strictObject({
          name: v.pipe(v.string(), v.nonEmpty()),
          semanticVersion: v.pipe(v.string(), v.regex(/^\d+\.\d+\.\d+/)),
          // 3.49 reportingDescriptor
          rules: v.array(
            v.strictObject({ id: v.pipe(v.string(), v.nonEmpty()), shortDescription: message, help: message }),
          ),
        }),
      }),
      // 3.24 artifact
      artifacts: v.array(v.strictObject({ location: artifactLocation })),
      // 3.27 result
      results: v.array(
        v.strictObject({
          ruleId: v.string(),
          ruleIndex: index,
          level: v.picklist(['none', 'note', 'warning', 'error']),
          message,
          // 3.28 location
          locations: v.array(
            v.strictObject({
              physicalLocation: v.strictObject({ artifactLocation }),
              // 3.33 logicalLocation
              logicalLocations: v.optional(
                v.array(
                  v.strictObject({
                    name: v.string(),
                    fullyQualifiedName: v.string(),
                    kind: v.string(),
                    properties: v.optional(properties),
                  }),
                ),
              ),
            }),
          ),
          properties,
        }),
      ),
    }),
  ),
});

const parsed = (value: Parameters<typeof renderSarif>[0]) => v.parse(log, JSON.parse(renderSarif(value))).runs[0];
const withPath = (path: string) => {
  const { model } = report();
  return parsed(report({ model: { ...model, file: { ...model.file, path } } })).artifacts[0].location.uri;
};

describe('renderSarif', () => {
  it('has one result per finding that points at its rule, the model file and the layer', () => {
    const findings = [
      finding(),
      finding({ rule: 'vanishing-signal', severity: 'warning', layer: 'outer/hidden_1', alsoIn: ['output'] }),
      finding({ severity: 'information', layer: null }),
    ];
    const run = parsed(report({ findings }));
    expect(run.tool.driver.rules.map(({ id }) => id)).toEqual(['dead-relu', 'vanishing-signal']);
    expect(run.results.map(({ ruleId, ruleIndex, level }) => [ruleId, ruleIndex, level])).toEqual([
      ['dead-relu', 0, 'error'],
      ['vanishing-signal', 1, 'warning'],
      ['dead-relu', 0, 'note'],
    ]);
    expect(run.results.map(({ locations }) => locations[0].physicalLocation.artifactLocation)).toEqual(
      new Array(3).fill({ uri: 'models/classifier/model.json', index: 0 }),
    );
    expect(run.results[0].locations[0].logicalLocations).toEqual([
      {
        name: 'hidden_2',
        fullyQualifiedName: 'hidden_2',
        kind: 'layer',
        properties: { jsonPointer: '/modelTopology/config/layers/1' },
      },
    ]);
    expect(run.results[1].locations[0].logicalLocations?.map(({ name }) => name)).toEqual(['hidden_1', 'output']);
    expect(run.results[2].locations[0].logicalLocations).toBeUndefined();
  });

  it('says where each rule is documented', () => {
    expect(parsed(report()).tool.driver.rules[0].help.text).toContain('docs/rules.md#dead-relu');
  });

  it('of a healthy network has no results', () => {
    expect(parsed(healthyReport()).results).toEqual([]);
  });

  it.each([
    ['a b/ö#1?.json', 'a%20b/%C3%B6%231%3F.json'],
    ['../models/model.json', '../models/model.json'],
    ['models\\classifier\\model.json', 'models/classifier/model.json'],
    ['/tmp/model.json', 'file:///tmp/model.json'],
    ['C:\\my models\\model.json', 'file:///C:/my%20models/model.json'],
    ['a:b/model.json', 'a%3Ab/model.json'],
    ['\ud800/model.json', '%EF%BF%BD/model.json'],
  ])('names %s as %s', (path, expected) => {
    expect(withPath(path)).toBe(expected);
  });

  it('escapes keys of the JSON pointer and control characters', () => {
    const { layers } = report();
    const run = parsed(
      report({
        layers: [{ ...layers[1], jsonPath: ['a/b', 'c~d', 0] }],
        findings: [finding({ message: 'x\u001b[1my' })],
      }),
    );
    expect(run.results[0].locations[0].logicalLocations?.[0].properties).toEqual({ jsonPointer: '/a~1b/c~0d/0' });
    expect(run.results[0].message.text).toBe('xy');
  });

  it('points into JSON files only', () => {
    const { layers, model } = report();
    const hdf5 = { ...model, file: { ...model.file, format: 'keras-hdf5' as const } };
    const run = parsed(report({ model: hdf5, layers: [layers[1]], findings: [finding()] }));
    const [location] = run.results[0].locations[0].logicalLocations ?? [];
    expect(layers[1].jsonPath).not.toBeNull();
    expect(location.fullyQualifiedName).toBe(layers[1].name);
    expect(location.properties).toBeUndefined();
  });
});
