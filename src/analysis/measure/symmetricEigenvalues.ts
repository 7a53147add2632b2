/**
 * Eigenvalues of a real symmetric matrix, in no particular order. `matrix` holds n x n entries row by row and is destroyed.
 *
 * Householder reduction to tridiagonal form, then the implicit QL iteration, without eigenvectors (Golub and Van Loan,
 * Matrix Computations, 4th ed., sections 8.3.1 and 8.3.3): about 4/3 n^3 operations.
 */
export function symmetricEigenvalues(matrix: Float64Array, n: number): Float64Array {
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  const v = new Float64Array(n);
  const p = new Float64Array(n);
  for (let k = 0; k < n - 2; k++) {
    let norm = 0;
    for (let i = k + 1; i < n; i++) norm += matrix[i * n + k] ** 2;
    norm = Math.sqrt(norm);
    if (norm === 0) continue;
    const alpha = matrix[(k + 1) * n + k] > 0 ? -norm : norm;
    let vv = 0;
    for (let i = k + 1; i < n; i++) {
      v[i] = matrix[i * n + k] - (i === k + 1 ? alpha : 0);
      vv += v[i] * v[i];
    }
    if (vv === 0) continue;
    // A <- H A H with H = I - 2 v v' / v'v, on the trailing block; p and q as in the book.
    let vp = 0;
    for (let i = k + 1; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += matrix[i * n + j] * v[j];
      p[i] = (2 * sum) / vv;
      vp += p[i] * v[i];
    }
    for (let i = k + 1; i < n; i++) p[i] -= (vp / vv) * v[i];
    for (let i = k + 1; i < n; i++) {
      for (let j = k + 1; j < n; j++) matrix[i * n + j] -= v[i] * p[j] + p[i] * v[j];
    }
    matrix[(k + 1) * n + k] = alpha;
  }
  for (let i = 0; i < n; i++) {
    diagonal[i] = matrix[i * n + i];
    offDiagonal[i] = i + 1 < n ? matrix[(i + 1) * n + i] : 0;
  }
  for (let low = 0; low < n; low++) {
    for (let iteration = 0; ; iteration++) {
      let high = low;
      while (high < n - 1) {
        const scale = Math.abs(diagonal[high]) + Math.abs(diagonal[high + 1]);
        if (Math.abs(offDiagonal[high]) <= Number.EPSILON * scale) break;
        high++;
      }
      if (high === low || iteration === 60) break;
      let g = (diagonal[low + 1] - diagonal[low]) / (2 * offDiagonal[low]);
      const r = length(g, 1);
      g = diagonal[high] - diagonal[low] + offDiagonal[low] / (g + (g >= 0 ? r : -r));
      let [sine, cosine, shift] = [1, 1, 0];
      let deflated = false;
      for (let i = high - 1; i >= low; i--) {
        const f = sine * offDiagonal[i];
        const b = cosine * offDiagonal[i];
        const radius = length(f, g);
        offDiagonal[i + 1] = radius;
        if (radius === 0) {
          diagonal[i + 1] -= shift;
          offDiagonal[high] = 0;
          deflated = true;
          break;
        }
        sine = f / radius;
        cosine = g / radius;
        g = diagonal[i + 1] - shift;
        const t = (diagonal[i] - g) * sine + 2 * cosine * b;
        shift = sine * t;
        diagonal[i + 1] = g + shift;
        g = cosine * t - b;
      }
      if (deflated) continue;
      diagonal[low] -= shift;
      offDiagonal[low] = g;
      offDiagonal[high] = 0;
    }
  }
  return diagonal;
}

/** Plain, since Math.hypot takes many times as long: squares of what float32 tensors give stay within float64. */
const length = (a: number, b: number): number => Math.sqrt(a * a + b * b);
