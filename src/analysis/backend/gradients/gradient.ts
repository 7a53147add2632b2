import { getGradient, registerGradient, unregisterGradient, type GradConfig } from '@tensorflow/tfjs-core';

/** Registers a gradient in place of tfjs's own, if there is one. */
export function replaceGradient(gradient: GradConfig): void {
  if (getGradient(gradient.kernelName) != null) unregisterGradient(gradient.kernelName);
  registerGradient(gradient);
}
