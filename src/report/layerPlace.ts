/** Where a layer can be shown in the file that a report is about. */

import type { JsonPath, LayerReport, Report } from './report';

/** The layer's `jsonPath` where the model file is JSON, so that the path leads somewhere in it; else null. */
export function layerPlace(report: Pick<Report, 'model'>, layer: LayerReport): JsonPath | null {
  return report.model.file.format.startsWith('tfjs-') ? layer.jsonPath : null;
}
