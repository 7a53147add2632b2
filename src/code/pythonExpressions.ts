import { Lowering, parseNumber, parseString } from './lowering';
import type { Argument, Expression, ListItem, ObjectEntry, Parameter, Range } from './syntax';

const EXPRESSIONS = new Set([
  'VariableName',
  'MemberExpression',
  'CallExpression',
  'String',
  'ContinuedString',
  'FormatString',
  'Number',
  'Boolean',
  'None',
  'Ellipsis',
  'ArrayExpression',
  'TupleExpression',
  'SetExpression',
  'DictionaryExpression',
  'BinaryExpression',
  'UnaryExpression',
  'ParenthesizedExpression',
  'ConditionalExpression',
  'LambdaExpression',
  'NamedExpression',
  'AwaitExpression',
  'YieldExpression',
  'ArrayComprehensionExpression',
  'ComprehensionExpression',
  'DictionaryComprehensionExpression',
  'SetComprehensionExpression',
]);
/** Whether a node of the parse tree with this name is an expression. */
export const isExpression = (name: string): boolean => EXPRESSIONS.has(name);

/** Lowers the expressions of Python's parse tree. */
export abstract class PythonExpressions extends Lowering {
  protected expressions(): Expression[] {
    const found: Expression[] = [];
    this.children(() => {
      if (isExpression(this.name)) found.push(this.expression());
    });
    return found;
  }

  protected parameters(): Parameter[] {
    const found: { name: string; range: Range; value: Expression | null; rest: boolean; pattern: null }[] = [];
    let rest = false;
    let afterEquals = false;
    this.children(() => {
      if (this.name === ',') afterEquals = rest = false;
      else if (this.name === '*' || this.name === '**') rest = true;
      else if (this.name === 'AssignOp') afterEquals = true;
      else if (afterEquals && isExpression(this.name) && found.length > 0) found.at(-1).value = this.expression();
      else if (this.name === 'VariableName')
        found.push({ name: this.slice(), range: this.range(), value: null, rest, pattern: null });
    });
    return found;
  }

  protected argumentList(): Argument[] {
    const found: Argument[] = [];
    let pending = null as Expression | null;
    let keyword = null as Expression | null;
    let spread = false;
    let start = 0;
    const finish = (): void => {
      if (pending !== null) {
        const name = keyword?.type === 'name' ? keyword.name : null;
        found.push({ name, value: pending, spread, from: start, to: pending.to });
      }
      pending = keyword = null;
      spread = false;
    };
    this.children(() => {
      if (this.name === ',') finish();
      else if (this.name === '*' || this.name === '**') {
        spread = true;
        start = this.range().from;
      } else if (this.name === 'AssignOp') {
        keyword = pending;
        pending = null;
      } else if (isExpression(this.name)) {
        // In `f(x for x in y)` the parts of the comprehension stand in the list itself.
        if (pending !== null) return;
        if (keyword === null && !spread) start = this.range().from;
        pending = this.expression();
      } else if (this.name === 'for') {
        if (pending !== null) pending = { type: 'unknown', parts: [pending], from: pending.from, to: pending.to };
      }
    });
    finish();
    return found;
  }

  protected lower(): Expression {
    const whole = this.range();
    switch (this.name) {
      case 'VariableName':
        return { type: 'name', name: this.slice(), ...whole };
      case 'Number':
        return { type: 'number', value: parseNumber(this.slice()), ...whole };
      case 'String':
        return { type: 'string', ...parseString(this.slice()), ...whole };
      case 'Boolean':
        return { type: 'constant', value: this.slice() === 'True', ...whole };
      case 'None':
        return { type: 'constant', value: null, ...whole };
      case 'MemberExpression':
        return this.member();
      case 'CallExpression':
        return this.call();
      case 'ArrayExpression':
      case 'TupleExpression':
      case 'SetExpression':
        return { type: 'list', items: this.items(), ...whole };
      case 'DictionaryExpression':
        return this.dictionary();
      case 'ParenthesizedExpression': {
        const inner = this.expressions();
        return inner.length === 1 ? inner[0] : { type: 'unknown', parts: inner, ...whole };
      }
      case 'AwaitExpression': {
        const inner = this.expressions();
        return inner.length === 1 ? inner[0] : { type: 'unknown', parts: inner, ...whole };
      }
      case 'UnaryExpression':
        return this.unary();
      case 'BinaryExpression':
        return this.binary();
      case 'ConditionalExpression': {
        const [then, test, otherwise] = this.expressions();
        if (then !== undefined && test !== undefined && otherwise !== undefined)
          return { type: 'conditional', test, then, otherwise, ...whole };
        return this.unknown(isExpression);
      }
      case 'LambdaExpression':
        return this.lambda();
      case 'NamedExpression': {
        const [target, value] = this.expressions();
        if (target !== undefined && value !== undefined)
          return { type: 'assignment', target, operator: '=', value, ...whole };
        return this.unknown(isExpression);
      }
      default:
        return this.unknown(isExpression);
    }
  }

  private member(): Expression {
    const whole = this.range();
    let object = null as Expression | null;
    let property = null as { name: string; nameRange: Range } | null;
    let subscript = false;
    let slice = false;
    const indices: Expression[] = [];
    this.children(() => {
      if (this.name === '[') subscript = true;
      else if (this.name === ':') slice = true;
      else if (this.name === 'PropertyName') property = { name: this.slice(), nameRange: this.range() };
      else if (isExpression(this.name)) {
        if (object === null) object = this.expression();
        else indices.push(this.expression());
      }
    });
    if (object === null) return { type: 'unknown', parts: indices, ...whole };
    const found = object;
    if (property !== null) return { type: 'member', object: found, ...property, ...whole };
    // `255.` is read as a member access on 255 that lacks its name.
    if (!subscript && found.type === 'number') return { ...found, ...whole };
    if (!subscript) return { type: 'unknown', parts: [found], ...whole };
    const index = !slice && indices.length === 1 ? indices[0] : null;
    return { type: 'subscript', object: found, index, ...whole };
  }

  private call(): Expression {
    const whole = this.range();
    let callee = null as Expression | null;
    let found: Argument[] = [];
    let list: Range = { from: whole.to, to: whole.to };
    this.children(() => {
      if (this.name === 'ArgList') {
        list = this.range();
        found = this.argumentList();
      } else if (isExpression(this.name) && callee === null) callee = this.expression();
    });
    if (callee === null) return { type: 'unknown', parts: found.map((one) => one.value), ...whole };
    return { type: 'call', callee, arguments: found, list, ...whole };
  }

  private items(): ListItem[] {
    const found: ListItem[] = [];
    let spread = false;
    this.children(() => {
      if (this.name === '*') spread = true;
      else if (this.name === ',') spread = false;
      else if (isExpression(this.name)) found.push({ value: this.expression(), spread });
    });
    return found;
  }

  private dictionary(): Expression {
    const entries: ObjectEntry[] = [];
    let complete = true;
    let key = null as Expression | null;
    let afterColon = false;
    this.children(() => {
      if (this.name === ',') {
        key = null;
        afterColon = false;
      } else if (this.name === ':') afterColon = true;
      else if (this.name === '**') complete = false;
      else if (isExpression(this.name)) {
        const one = this.expression();
        if (!afterColon) key = one;
        else if (key?.type === 'string')
          entries.push({ key: key.value, keyRange: key, value: one, from: key.from, to: one.to });
        else {
          complete = false;
          for (const part of key === null ? [one] : [key, one])
            entries.push({ key: '', keyRange: part, value: part, from: part.from, to: part.to });
        }
      }
    });
    return { type: 'object', entries, complete, ...this.range() };
  }

  private unary(): Expression {
    const whole = this.range();
    let operator = '';
    let operand = null as Expression | null;
    this.children(() => {
      if (isExpression(this.name)) operand = this.expression();
      else operator = this.slice();
    });
    if (operand === null) return { type: 'unknown', parts: [], ...whole };
    const found = operand;
    if (found.type === 'number' && operator === '-') return { type: 'number', value: -found.value, ...whole };
    return { type: 'unknown', parts: [found], ...whole };
  }

  private binary(): Expression {
    const whole = this.range();
    let operator = '';
    const sides: Expression[] = [];
    this.children(() => {
      if (isExpression(this.name)) sides.push(this.expression());
      else operator += this.slice();
    });
    if (sides.length !== 2) return { type: 'unknown', parts: sides, ...whole };
    return { type: 'binary', operator, left: sides[0], right: sides[1], ...whole };
  }

  private lambda(): Expression {
    const whole = this.range();
    let parameters: Parameter[] = [];
    let value = null as Expression | null;
    this.children(() => {
      if (this.name === 'ParamList') parameters = this.parameters();
      else if (isExpression(this.name)) value = this.expression();
    });
    const found: Expression = value ?? { type: 'unknown', parts: [], ...whole };
    return {
      type: 'function',
      parameters,
      body: [{ type: 'return', value: found, from: found.from, to: found.to }],
      ...whole,
    };
  }
}
