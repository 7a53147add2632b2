import { describe, expect, it } from 'vitest';
import { FORMATS, HELP, parseCommand } from '../../../src/cli/arguments';
import type { DiagnosisError } from '../../../src/report/errors';

function problem(...args: string[]): DiagnosisError {
  try {
    parseCommand(args);
  } catch (error) {
    return error as DiagnosisError;
  }
  throw new Error('The arguments were accepted.');
}

describe('parseCommand', () => {
  it('has defaults for everything but the model', () => {
    expect(parseCommand(['diagnose', 'model.json'])).toEqual({
      kind: 'diagnose',
      model: 'model.json',
      data: [],
      labels: null,
      samples: null,
      budget: { samples: null, seconds: null },
      seed: 0,
      scale: null,
      columns: null,
      loss: null,
      memory: null,
      workers: null,
      format: 'text',
      output: null,
      failOn: 'error',
    });
  });

  it('takes every option', () => {
    const args = ['--data', 'a=x.npy', '--data=b=y.npy', '--labels', 'l.npy', '--samples', '64', '--seed', '7'];
    const rest = [
      '--scale',
      '1/255',
      '--loss',
      'mse',
      '--columns',
      'a, 2-5',
      '--columns',
      'c',
      '--memory',
      '512',
      '--workers',
      '3',
      '--format',
      'json',
      '--output',
      'r.json',
      '--fail-on',
      'warning',
    ];
    expect(parseCommand([...args, 'diagnose', 'm', ...rest])).toEqual({
      kind: 'diagnose',
      model: 'm',
      data: ['a=x.npy', 'b=y.npy'],
      labels: 'l.npy',
      samples: 64,
      budget: { samples: null, seconds: null },
      seed: 7,
      scale: 1 / 255,
      columns: ['a', '2-5', 'c'],
      loss: 'mse',
      memory: 512,
      workers: 3,
      format: 'json',
      output: 'r.json',
      failOn: 'warning',
    });
  });

  it('takes the budget of a probe that grows, and not beside a number of samples', () => {
    expect(parseCommand(['diagnose', 'm', '--max-samples', '9000', '--max-seconds', '20'])).toMatchObject({
      samples: null,
      budget: { samples: 9000, seconds: 20 },
    });
    expect(problem('diagnose', 'm', '--samples', '64', '--max-seconds', '20').oneLine).toContain('--max-seconds');
    expect(problem('diagnose', 'm', '--max-samples', '0').oneLine).toContain('--max-samples');
  });

  it('takes one to four workers', () => {
    expect(parseCommand(['diagnose', 'm', '--workers', '4'])).toMatchObject({ workers: 4 });
    expect(problem('diagnose', 'm', '--workers', '0').oneLine).toMatch(/--workers "0" is out of range.*from 1 to 4/);
    expect(problem('diagnose', 'm', '--workers', '5').oneLine).toMatch(/--workers "5" is out of range.*from 1 to 4/);
    expect(problem('diagnose', 'm', '--workers', 'two').oneLine).toMatch(/not a whole number.*from 1 to 4/);
  });

  it('takes a scale that begins with a dash', () => {
    const scaleOf = (...args: string[]) => parseCommand(['diagnose', 'm', '--data', 'x', ...args]);
    expect(scaleOf('--scale', '-1..1')).toMatchObject({ scale: '-1..1' });
    expect(scaleOf('--scale', '-1/255', '--seed', '3')).toMatchObject({ scale: -1 / 255, seed: 3 });
    expect(problem('diagnose', 'm', '--data', 'x', '--scale', '--seed', '3').code).toBe('usage');
  });

  it('takes a loss for each output', () => {
    expect(parseCommand(['diagnose', 'm', '--loss', 'a=mse', '--loss', 'b=mae'])).toMatchObject({
      loss: { a: 'mse', b: 'mae' },
    });
  });

  it('takes - for the standard output', () => {
    expect(parseCommand(['diagnose', 'm', '--output', '-'])).toMatchObject({ output: null });
  });

  it.each([['--help'], ['-h'], ['diagnose', '--help']])('knows %s %s', (...args) => {
    expect(parseCommand(args).kind).toBe('help');
  });

  it('knows --version', () => {
    expect(parseCommand(['--version']).kind).toBe('version');
  });

  it.each([
    [[], 'No command', 'diagnose MODEL'],
    [['check', 'm'], '"check"', 'diagnose MODEL'],
    [['diagnose'], 'No model', 'diagnose MODEL'],
    [['diagnose', 'm', 'n'], '"n"', 'diagnose MODEL'],
    [['diagnose', 'm', '--fomat', 'json'], "'--fomat'", '--format'],
    [['diagnose', 'm', '--seed'], '--seed', '--help'],
    [['diagnose', 'm', '--help=yes'], '--help', '--help'],
    [['diagnose', 'm', '--format', 'xml'], '"xml"', 'text, json, html, markdown, sarif'],
    [['diagnose', 'm', '--fail-on', 'note'], '"note"', 'error, warning, never'],
    [['diagnose', 'm', '--samples', '0'], '"0"', 'from 1'],
    [['diagnose', 'm', '--samples', '1e3'], '"1e3"', 'from 1'],
    [['diagnose', 'm', '--seed=-1'], '"-1"', 'from 0'],
    [['diagnose', 'm', '--seed', '4294967296'], '"4294967296"', '4294967295'],
    [['diagnose', 'm', '--data', 'x', '--scale', 'big'], '"big"', '1/255'],
    [['diagnose', 'm', '--scale', '2'], '--scale', '--data'],
    [['diagnose', 'm', '--loss', 'mse', '--loss', 'mae'], '"mse"', 'OUTPUT=NAME'],
    [['diagnose', 'm', '--loss', 'a=mse', '--loss', 'a=mae'], '"a=mae"', 'OUTPUT=NAME'],
    [['diagnose', 'm', '--columns', 'a'], '--columns', '--data'],
    [['diagnose', 'm', '--labels', 'x'], '--labels', '--data'],
  ])('of %j says what is wrong and what would be right', (args, wrong, right) => {
    const error = problem(...args);
    expect(error.code).toBe('usage');
    expect(error.message).toContain(wrong);
    expect(error.remedy).toContain(right);
  });
});

describe('HELP', () => {
  it('names every option and format in at most 80 columns', () => {
    for (const word of [
      '--data',
      '--labels',
      '--scale',
      '--loss',
      '--columns',
      '--samples',
      '--seed',
      '--format',
      '--output',
      '--fail-on',
    ]) {
      expect(HELP).toContain(word);
    }
    for (const format of FORMATS) expect(HELP).toContain(format);
    for (const line of HELP.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });
});
