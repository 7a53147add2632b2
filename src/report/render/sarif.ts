import { RULE_NAMES } from '../health';
import { layerPlace } from '../layerPlace';
import type { Finding, JsonPath, LayerReport, Report, Severity } from '../report';
import { plainText } from './plainText';

const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  information: 'note',
};

/**
 * The findings as a SARIF 2.1.0 log (OASIS Standard, 2020), for code-scanning services. Each result points at the model
 * file and, as a logical location, at the layer. SARIF wants absolute URIs as links to documentation; ours is relative
 * to the project, so it stands in the rule's help text.
 */
export function renderSarif(report: Report): string {
  const rules = [...new Set(report.findings.map(({ rule }) => rule))];
  const uri = fileUri(report.model.file.path);
  const log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: report.tool.name,
            semanticVersion: report.tool.version,
            rules: rules.map((id) => ({
              id,
              shortDescription: { text: sentence(RULE_NAMES[id]) },
              help: { text: `See ${documentation(report, id)}.` },
            })),
          },
        },
        artifacts: [{ location: { uri } }],
        results: report.findings.map((finding) => ({
          ruleId: finding.rule,
          ruleIndex: rules.indexOf(finding.rule),
          level: LEVELS[finding.severity],
          message: { text: plainText(finding.message) },
          locations: [
            {
              physicalLocation: { artifactLocation: { uri, index: 0 } },
              ...logicalLocations(report, finding),
            },
          ],
          properties: {
            title: plainText(finding.title),
            confidence: finding.confidence.grade,
            ...(finding.cause === null ? {} : { cause: finding.cause.id }),
          },
        })),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

const sentence = (text: string): string => `${text[0].toUpperCase()}${text.slice(1)}.`;

const documentation = (report: Report, rule: Finding['rule']): string =>
  report.findings.find((finding) => finding.rule === rule)?.documentation ?? '';

function logicalLocations(report: Report, { layer, alsoIn }: Finding): object {
  const names = [...(layer === null ? [] : [layer]), ...alsoIn];
  if (names.length === 0) return {};
  const byName = new Map(report.layers.map((entry) => [entry.name, entry]));
  return { logicalLocations: names.map((name) => logicalLocation(report, name, byName.get(name))) };
}

function logicalLocation(report: Report, name: string, layer: LayerReport | undefined): object {
  const path = layer === undefined ? null : layerPlace(report, layer);
  return {
    name: plainText(name.slice(name.lastIndexOf('/') + 1)),
    fullyQualifiedName: plainText(name),
    kind: 'layer',
    ...(path === null ? {} : { properties: { jsonPointer: jsonPointer(path) } }),
  };
}

/** RFC 6901. */
const jsonPointer = (path: JsonPath): string =>
  path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** A path as a URI reference (RFC 3986): absolute paths get the scheme `file`, relative ones stay relative. */
function fileUri(path: string): string {
  const slashed = plainText(path).replaceAll('\\', '/');
  const encoded = slashed.split('/').map(encodeURIComponent).join('/');
  if (/^[A-Za-z]:\//.test(slashed)) return `file:///${slashed[0]}:${encoded.slice(encoded.indexOf('/'))}`;
  return slashed.startsWith('/') ? `file://${encoded}` : encoded;
}
