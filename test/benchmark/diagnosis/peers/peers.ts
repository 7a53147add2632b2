import { AUTOTRAINER } from './autoTrainer';
import { DEEP_DIAGNOSIS } from './deepDiagnosis';
import { KERAS_CONTRIB } from './kerasContrib';
import type { Peer } from './peer';
import { SAGEMAKER } from './sageMaker';
import { THE_DEEP_CHECKER } from './theDeepChecker';
import { TORCHMORTEM } from './torchMortem';
import { UMLAUT } from './umlaut';

export const PEERS: readonly Peer[] = [
  ...SAGEMAKER,
  AUTOTRAINER,
  DEEP_DIAGNOSIS,
  KERAS_CONTRIB,
  TORCHMORTEM,
  THE_DEEP_CHECKER,
  UMLAUT,
];
