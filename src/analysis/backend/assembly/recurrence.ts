/**
 * The steps of recurrent layers, one after another, and back. All arrays but those of the arguments have the step first:
 * `gates: [steps, samples, blocks * units]` holds the products of the inputs with the kernel, biases added, and is left
 * with the values of the gates; `h` and `c: [steps + 1, samples, units]` begin with the initial states. `argument`, what the
 * layer's own activation is applied to, is `[samples, steps, ..., units]`. Backward, `dh: [steps, samples, units]`
 * holds dLoss/dh of what each step has left as far as it comes from outside of the layer, and is completed; `given`, of
 * the same shape, is left with dLoss/dh of what each step was given.
 */

import { activate, activationGradient } from './activation';
import { multiplyRows } from './matMul';
import { addProducts, addVectors, complement, multiplyVectors, subtractVectors } from './vectors';

/** `h[s + 1] = phi(gates[s] + h[s] R)` with the recurrent kernel `R: [units, units]`; `argument: [samples, steps, units]`. */
export function simpleForward(
  gates: usize, kernel: usize, h: usize, argument: usize,
  steps: i32, samples: i32, units: i32, activation: i32,
): void {
  const row = <usize>units << 2;
  const block = <usize>samples * row;
  for (let step: i32 = 0; step < steps; step++) {
    multiplyRows(h, row, 4, kernel, row, 4, gates, row, gates, row, samples, units, units);
    copyRows(gates, row, argument + <usize>step * row, <usize>steps * row, row, samples);
    h += block;
    activate(activation, gates, h, samples * units);
    gates += block;
  }
}

/** Leaves dLoss of the arguments in `dGates: [steps, samples, units]` and in `dArgument`. */
export function simpleBackward(
  kernel: usize, h: usize, dh: usize, given: usize, dGates: usize, dArgument: usize,
  steps: i32, samples: i32, units: i32, activation: i32,
): void {
  const row = <usize>units << 2;
  const block = <usize>samples * row;
  for (let step: i32 = steps - 1; step >= 0; step--) {
    const start = <usize>step * block;
    activationGradient(activation, h + start + block, dh + start, dGates + start, samples * units);
    copyRows(dGates + start, row, dArgument + <usize>step * row, <usize>steps * row, row, samples);
    multiplyRows(dGates + start, row, 4, kernel, 4, row, 0, 0, given + start, row, samples, units, units);
    if (step > 0) addVectors(dh + start - block, given + start, dh + start - block, samples * units);
  }
}

/**
 * Gates i, f, g, o of `gates[s] + h[s] R` with `R: [units, 4 units]`; `c[s + 1] = f c[s] + i g`, `h[s + 1] = o phi(c[s + 1])`
 * (Hochreiter and Schmidhuber 1997, Gers et al. 2000). `argument: [samples, steps, 2, units]`: what g is made of, then c.
 */
export function lstmForward(
  gates: usize, kernel: usize, h: usize, c: usize, argument: usize,
  steps: i32, samples: i32, units: i32, activation: i32, gateActivation: i32,
): void {
  const row = <usize>units << 2;
  const block = <usize>samples * row;
  for (let step: i32 = 0; step < steps; step++) {
    multiplyRows(h, row, 4, kernel, 4 * row, 4, gates, 4 * row, gates, 4 * row, samples, units, 4 * units);
    for (let sample: i32 = 0; sample < samples; sample++) {
      const i = gates, f = i + row, g = f + row, o = g + row;
      const to = argument + <usize>(sample * steps + step) * 2 * row;
      memory.copy(to, g, row);
      activate(gateActivation, i, i, 2 * units);
      activate(activation, g, g, units);
      activate(gateActivation, o, o, units);
      multiplyVectors(f, c, c + block, units);
      addProducts(i, g, c + block, c + block, units);
      memory.copy(to + row, c + block, row);
      activate(activation, c + block, h + block, units);
      multiplyVectors(o, h + block, h + block, units);
      gates += 4 * row;
      h += row;
      c += row;
    }
  }
}

/**
 * `dc: [steps + 1, samples, units]` ends with dLoss/dc of the last state as far as it comes from outside, and is left with
 * that of every state, the arguments of phi aside; dLoss of the gates' arguments is left in `dGates`, that of phi's in `dArgument`.
 * `scratch: [units]`.
 */
export function lstmBackward(
  gates: usize, kernel: usize, c: usize, dh: usize, dc: usize, given: usize, dGates: usize, dArgument: usize, scratch: usize,
  steps: i32, samples: i32, units: i32, activation: i32, gateActivation: i32,
): void {
  const row = <usize>units << 2;
  const block = <usize>samples * row;
  for (let step: i32 = steps - 1; step >= 0; step--) {
    const start = <usize>step * block;
    for (let sample: i32 = 0; sample < samples; sample++) {
      const at = start + <usize>sample * row;
      const i = gates + 4 * at, f = i + row, g = f + row, o = g + row;
      const di = dGates + 4 * at, df = di + row, dg = df + row, dO = dg + row;
      const to = dArgument + <usize>(sample * steps + step) * 2 * row;
      const dPhi = to + row;
      activate(activation, c + at + block, scratch, units);
      multiplyVectors(dh + at, scratch, dO, units);
      activationGradient(gateActivation, o, dO, dO, units);
      multiplyVectors(dh + at, o, dPhi, units);
      activationGradient(activation, scratch, dPhi, dPhi, units);
      addVectors(dc + at + block, dPhi, scratch, units);
      multiplyVectors(scratch, g, di, units);
      activationGradient(gateActivation, i, di, di, units);
      multiplyVectors(scratch, c + at, df, units);
      activationGradient(gateActivation, f, df, df, units);
      multiplyVectors(scratch, i, dg, units);
      activationGradient(activation, g, dg, dg, units);
      memory.copy(to, dg, row);
      multiplyVectors(scratch, f, dc + at, units);
    }
    const d = dGates + 4 * start;
    multiplyRows(d, 4 * row, 4, kernel, 4, 4 * row, 0, 0, given + start, row, samples, 4 * units, units);
    if (step > 0) addVectors(dh + start - block, given + start, dh + start - block, samples * units);
  }
}

/**
 * Gates z, r and the candidate g: `h[s + 1] = z h[s] + (1 - z) g` with `R: [units, 3 units]` (Cho et al. 2014). With
 * `inner: [steps, samples, units]`, r acts after the product with R, `g = phi(gates + r (h R + bias))`, where `inner` is left
 * with the bracket and `bias: [3 units]` is added to all products of the state; else, at address 0, before it,
 * `g = phi(gates + (r h) R)`. `argument: [samples, steps, units]`, of phi; `scratch: [samples, 3 units]`.
 */
export function gruForward(
  gates: usize, kernel: usize, bias: usize, h: usize, inner: usize, argument: usize, scratch: usize,
  steps: i32, samples: i32, units: i32, activation: i32, gateActivation: i32,
): void {
  const row = <usize>units << 2;
  const block = <usize>samples * row;
  for (let step: i32 = 0; step < steps; step++) {
    if (inner != 0) {
      multiplyRows(h, row, 4, kernel, 3 * row, 4, bias, 0, scratch, 3 * row, samples, units, 3 * units);
      for (let sample: i32 = 0; sample < samples; sample++) {
        const z = gates + <usize>sample * 3 * row, r = z + row, g = r + row;
        const products = scratch + <usize>sample * 3 * row;
        addVectors(z, products, z, 2 * units);
        activate(gateActivation, z, z, 2 * units);
        addProducts(r, products + 2 * row, g, g, units);
      }
      copyRows(scratch + 2 * row, 3 * row, inner, row, row, samples);
      inner += block;
    } else {
      multiplyRows(h, row, 4, kernel, 3 * row, 4, gates, 3 * row, gates, 3 * row, samples, units, 2 * units);
      for (let sample: i32 = 0; sample < samples; sample++) {
        const z = gates + <usize>sample * 3 * row;
        activate(gateActivation, z, z, 2 * units);
        multiplyVectors(z + row, h + <usize>sample * row, scratch + <usize>sample * row, units);
      }
      const g = gates + 2 * row;
      multiplyRows(scratch, row, 4, kernel + 2 * row, 3 * row, 4, g, 3 * row, g, 3 * row, samples, units, units);
    }
    copyRows(gates + 2 * row, 3 * row, argument + <usize>step * row, <usize>steps * row, row, samples);
    for (let sample: i32 = 0; sample < samples; sample++) {
      const z = gates, g = z + 2 * row;
      activate(activation, g, g, units);
      complement(z, scratch, units);
      multiplyVectors(z, h, h + block, units);
      addProducts(scratch, g, h + block, h + block, units);
      gates += 3 * row;
      h += row;
    }
  }
}

/** Leaves dLoss of the arguments of all three gates in `dGates`, that of phi's also in `dArgument`; the rest as forward. */
export function gruBackward(
  gates: usize, kernel: usize, h: usize, inner: usize, dh: usize, given: usize, dGates: usize, dArgument: usize, scratch: usize,
  steps: i32, samples: i32, units: i32, activation: i32, gateActivation: i32,
): void {
  const row = <usize>units << 2;
  const block = <usize>samples * row;
  for (let step: i32 = steps - 1; step >= 0; step--) {
    const start = <usize>step * block;
    const d = dGates + 3 * start;
    for (let sample: i32 = 0; sample < samples; sample++) {
      const at = start + <usize>sample * row;
      const z = gates + 3 * at, r = z + row, g = r + row;
      const dz = dGates + 3 * at, dr = dz + row, dg = dr + row;
      subtractVectors(h + at, g, dz, units);
      multiplyVectors(dh + at, dz, dz, units);
      activationGradient(gateActivation, z, dz, dz, units);
      multiplyVectors(dh + at, z, given + at, units);
      subtractVectors(dh + at, given + at, dg, units);
      activationGradient(activation, g, dg, dg, units);
      if (inner == 0) continue;
      multiplyVectors(dg, inner + at, dr, units);
      activationGradient(gateActivation, r, dr, dr, units);
      const products = scratch + <usize>sample * 3 * row;
      memory.copy(products, dz, 2 * row);
      multiplyVectors(dg, r, products + 2 * row, units);
    }
    copyRows(d + 2 * row, 3 * row, dArgument + <usize>step * row, <usize>steps * row, row, samples);
    const to = given + start;
    if (inner != 0) {
      multiplyRows(scratch, 3 * row, 4, kernel, 4, 3 * row, to, row, to, row, samples, 3 * units, units);
    } else {
      multiplyRows(d + 2 * row, 3 * row, 4, kernel + 2 * row, 4, 3 * row, 0, 0, scratch, row, samples, units, units);
      for (let sample: i32 = 0; sample < samples; sample++) {
        const at = start + <usize>sample * row;
        const r = gates + 3 * at + row, dr = dGates + 3 * at + row;
        const dReset = scratch + <usize>sample * row;
        multiplyVectors(dReset, h + at, dr, units);
        activationGradient(gateActivation, r, dr, dr, units);
        addProducts(dReset, r, given + at, given + at, units);
      }
      multiplyRows(d, 3 * row, 4, kernel, 4, 3 * row, to, row, to, row, samples, 2 * units, units);
    }
    if (step > 0) addVectors(dh + start - block, to, dh + start - block, samples * units);
  }
}

function copyRows(from: usize, fromStep: usize, to: usize, toStep: usize, bytes: usize, rows: i32): void {
  for (let row: i32 = 0; row < rows; row++) memory.copy(to + <usize>row * toStep, from + <usize>row * fromStep, bytes);
}

/** `out[column, row] = x[row, column]` for `x: [rows, columns, length]`. */
export function swapAxes(x: usize, out: usize, rows: i32, columns: i32, length: i32): void {
  const bytes = <usize>length << 2;
  for (let row: i32 = 0; row < rows; row++) {
    copyRows(x + <usize>(row * columns) * bytes, bytes, out + <usize>row * bytes, <usize>rows * bytes, bytes, columns);
  }
}
