import type { Value } from './values';

/** Numbers and operators as both languages have them; null where the result is not a known number. */
export function arithmetic(operator: string, left: Value, right: Value): Value | null {
  if (left.type !== 'number' || right.type !== 'number') return null;
  const a = left.value;
  const b = right.value;
  const result = calculate(operator, a, b);
  return result === null || !Number.isFinite(result) ? null : { type: 'number', value: result };
}

function calculate(operator: string, a: number, b: number): number | null {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '//':
      return Math.floor(a / b);
    case '%':
      return a % b;
    case '**':
      return a ** b;
    default:
      return null;
  }
}

/** Comparisons of known numbers and strings; null for anything else. */
export function compare(operator: string, left: Value, right: Value): Value | null {
  const known = (value: Value): number | string | boolean | null =>
    value.type === 'number' || value.type === 'string' || value.type === 'boolean' ? value.value : null;
  if (left.type === 'none' || right.type === 'none') {
    if (left.type === 'unknown' || right.type === 'unknown') return null;
    const equal = left.type === right.type;
    if (/^(==|===|is)$/.test(operator)) return { type: 'boolean', value: equal };
    return /^(!=|!==|isnot)$/.test(operator) ? { type: 'boolean', value: !equal } : null;
  }
  const a = known(left);
  const b = known(right);
  if (a === null || b === null || typeof a !== typeof b) return null;
  switch (operator) {
    case '==':
    case '===':
    case 'is':
      return { type: 'boolean', value: a === b };
    case '!=':
    case '!==':
    case 'isnot':
      return { type: 'boolean', value: a !== b };
    case '<':
      return { type: 'boolean', value: a < b };
    case '<=':
      return { type: 'boolean', value: a <= b };
    case '>':
      return { type: 'boolean', value: a > b };
    case '>=':
      return { type: 'boolean', value: a >= b };
    default:
      return null;
  }
}
