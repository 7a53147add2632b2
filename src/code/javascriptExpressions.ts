import { Lowering, parseNumber, parseString } from './lowering';
import type { Argument, Expression, ListItem, ObjectEntry, Parameter, Range, Statement } from './syntax';

const EXPRESSIONS = new Set([
  'VariableName',
  'VariableDefinition',
  'MemberExpression',
  'CallExpression',
  'NewExpression',
  'String',
  'TemplateString',
  'TaggedTemplateExpression',
  'Number',
  'BooleanLiteral',
  'null',
  'this',
  'super',
  'ArrayExpression',
  'ArrayPattern',
  'ObjectExpression',
  'ObjectPattern',
  'BinaryExpression',
  'UnaryExpression',
  'PostfixExpression',
  'ParenthesizedExpression',
  'ConditionalExpression',
  'AssignmentExpression',
  'SequenceExpression',
  'ArrowFunction',
  'FunctionExpression',
  'ClassExpression',
  'AwaitExpression',
  'YieldExpression',
  'DynamicImport',
  'JSXElement',
]);
/** Whether a node of the parse tree with this name is an expression. */
export const isExpression = (name: string): boolean => EXPRESSIONS.has(name);

/** Lowers the expressions of JavaScript's and TypeScript's parse trees. */
export abstract class JavaScriptExpressions extends Lowering {
  /** The statements directly below the cursor: bodies of functions. */
  protected abstract body(): Statement[];

  protected expressions(): Expression[] {
    const found: Expression[] = [];
    this.children(() => {
      if (isExpression(this.name)) found.push(this.expression());
    });
    return found;
  }

  protected parameters(): Parameter[] {
    const found: {
      name: string;
      range: Range;
      value: Expression | null;
      rest: boolean;
      pattern: Expression | null;
    }[] = [];
    let rest = false;
    let afterEquals = false;
    this.children(() => {
      if (this.name === ',') rest = afterEquals = false;
      else if (this.name === 'Spread') rest = true;
      else if (this.name === 'Equals') afterEquals = true;
      else if (afterEquals && isExpression(this.name) && found.length > 0) found.at(-1).value = this.expression();
      else if (this.name === 'VariableDefinition')
        found.push({ name: this.slice(), range: this.range(), value: null, rest, pattern: null });
      else if (this.name === 'ObjectPattern' || this.name === 'ArrayPattern')
        found.push({ name: '', range: this.range(), value: null, rest, pattern: this.expression() });
    });
    return found;
  }

  protected lower(): Expression {
    const whole = this.range();
    switch (this.name) {
      case 'VariableName':
      case 'VariableDefinition':
      case 'this':
      case 'super':
        return this.slice() === 'undefined'
          ? { type: 'constant', value: null, ...whole }
          : { type: 'name', name: this.slice(), ...whole };
      case 'Number':
        return { type: 'number', value: parseNumber(this.slice()), ...whole };
      case 'String':
        return { type: 'string', ...parseString(this.slice()), ...whole };
      case 'TemplateString': {
        const inner = this.unknown(isExpression);
        return inner.parts.length === 0 ? { type: 'string', ...parseString(this.slice()), ...whole } : inner;
      }
      case 'BooleanLiteral':
        return { type: 'constant', value: this.slice() === 'true', ...whole };
      case 'null':
        return { type: 'constant', value: null, ...whole };
      case 'MemberExpression':
        return this.member();
      case 'CallExpression':
      case 'NewExpression':
        return this.call();
      case 'ArrayExpression':
      case 'ArrayPattern':
        return { type: 'list', items: this.items(), ...whole };
      case 'ObjectExpression':
      case 'ObjectPattern':
        return this.object();
      case 'ParenthesizedExpression':
      case 'AwaitExpression': {
        const inner = this.expressions();
        return inner.length === 1 ? inner[0] : { type: 'unknown', parts: inner, ...whole };
      }
      case 'PostfixExpression':
        // `value!` of TypeScript is the value.
        return this.text[this.cursor.to - 1] === '!' ? this.firstExpression() : this.unknown(isExpression);
      case 'UnaryExpression':
        return this.unary();
      case 'BinaryExpression':
        return this.binary();
      case 'ConditionalExpression': {
        const [test, then, otherwise] = this.expressions();
        if (test !== undefined && then !== undefined && otherwise !== undefined)
          return { type: 'conditional', test, then, otherwise, ...whole };
        return this.unknown(isExpression);
      }
      case 'AssignmentExpression':
        return this.assignment();
      case 'ArrowFunction':
      case 'FunctionExpression':
        return this.function();
      default:
        return this.unknown(isExpression);
    }
  }

  private firstExpression(): Expression {
    return this.expressions()[0] ?? { type: 'unknown', parts: [], ...this.range() };
  }

  private member(): Expression {
    const whole = this.range();
    let object = null as Expression | null;
    let property = null as { name: string; nameRange: Range } | null;
    let index = null as Expression | null;
    this.children(() => {
      if (this.name === 'PropertyName' || this.name === 'PrivatePropertyName')
        property = { name: this.slice(), nameRange: this.range() };
      else if (isExpression(this.name)) {
        if (object === null) object = this.expression();
        else index = this.expression();
      }
    });
    if (object === null) return { type: 'unknown', parts: index === null ? [] : [index], ...whole };
    if (property !== null) return { type: 'member', object, ...property, ...whole };
    return { type: 'subscript', object, index, ...whole };
  }

  private call(): Expression {
    const whole = this.range();
    let callee = null as Expression | null;
    let found: Argument[] = [];
    let list: Range = { from: whole.to, to: whole.to };
    this.children(() => {
      if (this.name === 'ArgList') {
        list = this.range();
        found = this.items().map(({ value, spread }) => ({
          name: null,
          value,
          spread,
          from: value.from,
          to: value.to,
        }));
      } else if (isExpression(this.name) && callee === null) callee = this.expression();
    });
    if (callee === null) return { type: 'unknown', parts: found.map((one) => one.value), ...whole };
    return { type: 'call', callee, arguments: found, list, ...whole };
  }

  private items(): ListItem[] {
    const found: ListItem[] = [];
    let spread = false;
    let afterEquals = false;
    this.children(() => {
      if (this.name === 'Spread') spread = true;
      else if (this.name === ',') spread = afterEquals = false;
      else if (this.name === 'Equals') afterEquals = true;
      else if (isExpression(this.name)) {
        const value = this.expression();
        const before = afterEquals ? found.pop() : undefined;
        found.push(before === undefined ? { value, spread } : { ...before, value: withDefault(before.value, value) });
      }
    });
    return found;
  }

  private object(): Expression {
    const entries: ObjectEntry[] = [];
    let complete = true;
    this.children(() => {
      if (this.name === 'Spread') complete = false;
      if (this.name !== 'Property' && this.name !== 'PatternProperty') return;
      const whole = this.range();
      let key: { text: string; range: Range } | null = null;
      let value = null as Expression | null;
      let standard = null as Expression | null;
      let afterColon = false;
      let afterEquals = false;
      let named = true;
      this.children(() => {
        if (this.name === ':') afterColon = true;
        else if (this.name === 'Equals') afterEquals = true;
        else if (this.name === 'Spread' || this.name === '[') named = false;
        else if (this.name === 'PropertyDefinition' || this.name === 'PropertyName')
          key = { text: this.slice(), range: this.range() };
        else if (this.name === 'String' && !afterColon && !afterEquals)
          key = { text: parseString(this.slice()).value, range: this.range() };
        else if (this.name === 'Block') this.children(() => undefined);
        else if (isExpression(this.name)) {
          if (afterEquals) standard ??= this.expression();
          else value ??= this.expression();
        }
      });
      const written = key as { text: string; range: Range } | null;
      let found = value;
      if (written === null || !named) {
        // `{ name = 1 }` and `{ name }` of patterns have only a definition.
        if (this.name === 'PatternProperty' && named && found?.type === 'name')
          entries.push({ key: found.name, keyRange: found, value: withDefault(found, standard), ...whole });
        else {
          complete = false;
          if (found !== null) entries.push({ key: '', keyRange: whole, value: found, ...whole });
        }
        return;
      }
      // Shorthand `{ units }`.
      found ??= { type: 'name', name: written.text, ...written.range };
      entries.push({ key: written.text, keyRange: written.range, value: withDefault(found, standard), ...whole });
    });
    return { type: 'object', entries, complete, ...this.range() };
  }

  private unary(): Expression {
    const whole = this.range();
    const operand = this.firstExpression();
    if (operand.type === 'number' && this.text[this.cursor.from] === '-')
      return { type: 'number', value: -operand.value, ...whole };
    return { type: 'unknown', parts: [operand], ...whole };
  }

  private binary(): Expression {
    const whole = this.range();
    const sides: Expression[] = [];
    let operator = '';
    this.children(() => {
      if (isExpression(this.name)) sides.push(this.expression());
      else if (operator === '') operator = this.slice();
    });
    // `value as Type` and `value satisfies Type`.
    if (sides.length === 1 && (operator === 'as' || operator === 'satisfies')) return sides[0];
    if (sides.length !== 2) return { type: 'unknown', parts: sides, ...whole };
    return { type: 'binary', operator, left: sides[0], right: sides[1], ...whole };
  }

  private assignment(): Expression {
    const whole = this.range();
    const sides: Expression[] = [];
    let operator = '=';
    this.children(() => {
      if (isExpression(this.name)) sides.push(this.expression());
      else operator = this.slice();
    });
    if (sides.length !== 2) return { type: 'unknown', parts: sides, ...whole };
    return { type: 'assignment', target: sides[0], operator, value: sides[1], ...whole };
  }

  private function(): Expression {
    let parameters: Parameter[] = [];
    let body: Statement[] = [];
    const kind: string = this.name;
    const isArrow = kind === 'ArrowFunction';
    let seenArrow = false;
    this.children(() => {
      if (this.name === 'ParamList') parameters = this.parameters();
      else if (this.name === 'Arrow') seenArrow = true;
      else if (this.name === 'Block') body = this.body();
      else if (isArrow && !seenArrow && this.name === 'VariableDefinition')
        parameters = [{ name: this.slice(), range: this.range(), value: null, rest: false, pattern: null }];
      else if (isExpression(this.name) && seenArrow) {
        const value = this.expression();
        body = [{ type: 'return', value, from: value.from, to: value.to }];
      }
    });
    return { type: 'function', parameters, body, ...this.range() };
  }
}

/** `target = standard` in a destructuring pattern. */
function withDefault(target: Expression, standard: Expression | null): Expression {
  if (standard === null) return target;
  return { type: 'assignment', target, operator: '=', value: standard, from: target.from, to: standard.to };
}
