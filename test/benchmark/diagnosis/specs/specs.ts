import type { NetworkSpec } from '../networkSpec';
import { DEAD_UNITS } from './deadUnits';
import { HEALTHY_INITIAL } from './healthyInitial';
import { HEALTHY_TRAINED } from './healthyTrained';
import { HEALTHY_STRUCTURED } from './healthyStructured';
import { OTHER_FAULTS } from './otherFaults';
import { SIGNAL_FLOW } from './signalFlow';

export const SPECS: readonly NetworkSpec[] = [
  ...HEALTHY_INITIAL,
  ...HEALTHY_TRAINED,
  ...HEALTHY_STRUCTURED,
  ...DEAD_UNITS,
  ...SIGNAL_FLOW,
  ...OTHER_FAULTS,
];
