import { describe, expect, it } from 'vitest';
import { codeSpan, escapeMarkdown, renderMarkdown } from '../../../src/report/render/markdown';
import { finding, healthyReport, layer, report } from './reports';

describe('escapeMarkdown', () => {
  it.each([
    ['*strong* _word_ ~~struck~~', '\\*strong\\* \\_word\\_ \\~\\~struck\\~\\~'],
    ['[text](javascript:alert)', '\\[text\\](javascript:alert)'],
    ['![image](x.png)', '!\\[image\\](x.png)'],
    ['<img src=x onerror=alert(1)>', '&lt;img src=x onerror=alert(1)&gt;'],
    ['a &lt; b', 'a &amp;lt; b'],
    ['`code` | cell \\ end', '\\`code\\` \\| cell \\\\ end'],
    ['# heading', '\\# heading'],
    ['- item', '\\- item'],
    ['+ item', '\\+ item'],
    ['=== line', '\\=== line'],
    ['1. item', '1\\. item'],
    ['12) item', '12\\) item'],
    ['see https://example.org and www.example.org', 'see https\\://example.org and www\\.example.org'],
    ['$x^2$ and me@example.org', '\\$x^2\\$ and me\\@example.org'],
    ['0.5 of 12 (a - b), 1.5×: fine!', '0.5 of 12 (a - b), 1.5×: fine!'],
  ])('%s', (text, expected) => {
    expect(escapeMarkdown(text)).toBe(expected);
  });
});

describe('codeSpan', () => {
  it.each([
    ['dense_1', '`dense_1`'],
    ['a`b', '``a`b``'],
    ['a``b`c', '```a``b`c```'],
    ['`a', '`` `a ``'],
    [' a ', '`  a  `'],
    ['', '` `'],
  ])('%j', (text, expected) => {
    expect(codeSpan(text)).toBe(expected);
  });
});

describe('renderMarkdown', () => {
  it('holds the findings with every suggestion and its code in both libraries', () => {
    const text = renderMarkdown(report());
    for (const part of [
      '# 1 problem: hidden\\_2 is 75% dead',
      '### Error: `hidden_2`: 24 of 32 units dead',
      '**Measured** (at least 95% confidence): 24 of 32 units never fired in 512 samples.',
      '**Cause:** Killed in training: Fresh copies',
      '**1. Lower the learning rate to 0.2.** The model was trained with 1.5.',
      '```js\nmodel.compile({ optimizer: tf.train.sgd(0.2), loss })\n```',
      '```python\nlayers.LeakyReLU()\n```',
      'It has a slope on both sides. Dead units: 24 → 0. Measured on a copy.',
      '| ✗ | `hidden_2` | Dense | ReLU | 32 | 24 | 50% | 0.8 | 0.11 |',
    ]) {
      expect(text).toContain(part);
    }
  });

  it('has no section for findings where there are none', () => {
    const text = renderMarkdown(healthyReport());
    expect(text).toContain('# No problems found');
    expect(text).not.toContain('## Findings');
    expect(text).toContain('- Dead units: 0 of 64 units in 2 layers');
  });

  it('keeps hostile names in their place', () => {
    const name = 'a|b`<script>\n# c\u001b[31m';
    const text = renderMarkdown(
      report({
        layers: [layer(name, { className: '<b>|' })],
        findings: [
          finding({
            layer: name,
            title: '</h3><script>',
            suggestions: [{ ...finding().suggestions[0], code: { tfjs: '```\n<script>', keras: null } }],
          }),
        ],
      }),
    );
    expect(text).toContain('### Error: ``a|b`<script> # c``: &lt;/h3&gt;&lt;script&gt;');
    expect(text).toContain('| ✗ | ``a\\|b`<script> # c`` | &lt;b&gt;\\| |');
    expect(text).toContain('````js\n```\n<script>\n````');
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    // Every row of the table has as many cells.
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    expect(new Set(rows.map((row) => row.replaceAll('\\|', '').split('|').length)).size).toBe(1);
  });
});
