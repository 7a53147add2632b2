import measured from './activationCosts.json';

/**
 * Time of an activation relative to ReLU, by canonical name, as `scripts/measure-activation-costs.mjs` measured it: forward
 * pass, tfjs on wasm, one thread. Below 1 are those that this backend has vector code for.
 */
export const COSTS: ReadonlyMap<string, number> = new Map(Object.entries(measured));
