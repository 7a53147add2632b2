import type { SyntaxNode, Tree } from '@lezer/common';
import { parser } from '@lezer/python';
import { Lowering, parseNumber, parseString } from './lowering';
import {
  MAXIMUM_DEPTH,
  type Argument,
  type Expression,
  type ImportedName,
  type ListItem,
  type Module,
  type ObjectEntry,
  type Parameter,
  type Range,
  type Statement,
} from './syntax';

/** The error-tolerant incremental parser for Python. */
export const pythonParser = parser;

/** Lowers a parse tree of `pythonParser` over `text`. Never throws, however broken the source is. */
export function lowerPython(tree: Tree, text: string): Module {
  return { language: 'python', body: new PythonLowering(tree.cursor(), text).body() };
}

/** Lowers one statement of the tree on its own; all its ranges count from its start. */
export function lowerPythonStatement(node: SyntaxNode, text: string): readonly Statement[] {
  return new PythonLowering(node.cursor(), text, node.from).statements();
}

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
const isExpression = (name: string): boolean => EXPRESSIONS.has(name);

class PythonLowering extends Lowering {
  /** The statements that the node under the cursor stands for. */
  statements(): Statement[] {
    const found: Statement[] = [];
    this.statement(found, []);
    return found;
  }

  /** The statements directly below the cursor. */
  body(): Statement[] {
    const statements: Statement[] = [];
    this.children(() => this.statement(statements, []));
    return statements;
  }

  private statement(into: Statement[], decorators: readonly Expression[]): void {
    if (this.depth >= MAXIMUM_DEPTH) return;
    this.depth++;
    switch (this.name) {
      case 'ImportStatement':
        into.push(...this.importStatement());
        break;
      case 'AssignStatement':
      case 'UpdateStatement':
        into.push(this.assignment());
        break;
      case 'ReturnStatement': {
        const values = this.expressions();
        into.push({ type: 'return', value: values.length === 0 ? null : group(values), ...this.range() });
        break;
      }
      case 'IfStatement':
      case 'MatchStatement':
        into.push(this.ifStatement());
        break;
      case 'ForStatement':
      case 'WhileStatement':
        into.push(this.loop());
        break;
      case 'TryStatement':
      case 'WithStatement':
        into.push(this.block());
        break;
      case 'FunctionDefinition':
      case 'ClassDefinition':
        into.push(this.definition(decorators));
        break;
      case 'DecoratedStatement': {
        const found: Expression[] = [];
        this.children(() => {
          if (this.name === 'Decorator') found.push(...this.unknown(isExpression).parts);
          else this.statement(into, found);
        });
        break;
      }
      case 'StatementGroup':
        this.children(() => this.statement(into, []));
        break;
      case 'Comment':
        break;
      default:
        // Also what the parser recovered to outside of any statement.
        if (isExpression(this.name)) into.push({ type: 'evaluate', value: this.expression(), ...this.range() });
        else
          for (const value of this.unknown(isExpression).parts)
            into.push({ type: 'evaluate', value, from: value.from, to: value.to });
    }
    this.depth--;
  }

  private expressions(): Expression[] {
    const found: Expression[] = [];
    this.children(() => {
      if (isExpression(this.name)) found.push(this.expression());
    });
    return found;
  }

  private importStatement(): Statement[] {
    const whole = this.range();
    let from = false;
    let seenImport = false;
    let module = '';
    let current: { imported: string; range: Range; local: string | null } | null = null;
    let afterAs = false;
    const names: ImportedName[] = [];
    const finish = (): void => {
      if (current !== null) names.push(current);
      current = null;
      afterAs = false;
    };
    this.children(() => {
      if (this.name === 'from') from = true;
      else if (this.name === 'import') seenImport = true;
      else if (from && !seenImport) module += this.slice();
      else if (this.name === 'as') afterAs = true;
      else if (this.name === ',') finish();
      else if (this.name === '*') names.push({ imported: '*', local: null, range: this.range() });
      else if (this.name === 'VariableName' || this.name === '.') {
        const text = this.slice();
        if (current === null) current = { imported: text, local: null, range: this.range() };
        else if (afterAs) current = { ...current, local: text };
        else current = { ...current, imported: current.imported + text };
      }
    });
    finish();
    if (from) {
      const renamed = names.map((name) => ({
        ...name,
        local: name.local ?? (name.imported === '*' ? null : name.imported),
      }));
      return [{ type: 'import', module, names: renamed, ...whole }];
    }
    return [{ type: 'import', module: '', names, ...whole }];
  }

  private assignment(): Statement {
    let operator = '=';
    const sides: Expression[][] = [[]];
    this.children(() => {
      if (this.name === 'AssignOp' || this.name === 'UpdateOp') {
        operator = this.slice();
        sides.push([]);
      } else if (isExpression(this.name)) sides.at(-1).push(this.expression());
    });
    const whole = this.range();
    const groups = sides.filter((side) => side.length > 0).map(group);
    const value = groups.pop() ?? { type: 'unknown', parts: [], ...whole };
    // `x: int` declares without a value.
    if (sides.length === 1) return { type: 'evaluate', value, ...whole };
    return { type: 'assign', targets: groups, operator, declares: false, value, ...whole };
  }

  private ifStatement(): Statement {
    const parts: Expression[] = [];
    const branches: Statement[][] = [];
    let test = null as Expression | null;
    let exhaustive = false;
    const isIf = this.name === 'IfStatement';
    const visit = (): void => {
      if (this.name === 'Body') branches.push(this.body());
      else if (this.name === 'else') exhaustive = true;
      else if (this.name === 'MatchBody' || this.name === 'MatchClause') this.children(visit);
      else if (isExpression(this.name)) {
        if (isIf && test === null) test = this.expression();
        else parts.push(this.expression());
      }
    };
    this.children(visit);
    return { type: 'if', test, parts, branches, exhaustive, ...this.range() };
  }

  private loop(): Statement {
    const targets: Expression[] = [];
    const over: Expression[] = [];
    const body: Statement[] = [];
    const isFor = this.name === 'ForStatement';
    let seenIn = false;
    this.children(() => {
      if (this.name === 'Body') body.push(...this.body());
      else if (this.name === 'in') seenIn = true;
      else if (isExpression(this.name)) (isFor && !seenIn ? targets : over).push(this.expression());
    });
    return {
      type: 'loop',
      target: isFor && targets.length > 0 ? group(targets) : null,
      over: isFor && over.length > 0 ? group(over) : null,
      count: null,
      parts: isFor ? [] : over,
      body,
      ...this.range(),
    };
  }

  private block(): Statement {
    const parts: Expression[] = [];
    const body: Statement[] = [];
    this.children(() => {
      if (this.name === 'Body') body.push(...this.body());
      else if (isExpression(this.name)) parts.push(this.expression());
    });
    return { type: 'block', parts, body, ...this.range() };
  }

  private definition(decorators: readonly Expression[]): Statement {
    const isFunction = this.name === 'FunctionDefinition';
    let name = '';
    const start = this.range().from;
    let nameRange: Range = { from: start, to: start };
    let parameters: Parameter[] = [];
    let bases: Argument[] = [];
    let body: Statement[] = [];
    this.children(() => {
      if (this.name === 'VariableName' && name === '') {
        name = this.slice();
        nameRange = this.range();
      } else if (this.name === 'ParamList') parameters = this.parameters();
      else if (this.name === 'ArgList') bases = this.argumentList();
      else if (this.name === 'Body') body = this.body();
    });
    const whole = this.range();
    if (isFunction) return { type: 'function', name, nameRange, parameters, decorators, body, ...whole };
    const positional = bases.filter((base) => base.name === null).map((base) => base.value);
    return { type: 'class', name, nameRange, bases: positional, decorators, body, ...whole };
  }

  private parameters(): Parameter[] {
    const found: { name: string; range: Range; value: Expression | null; rest: boolean }[] = [];
    let rest = false;
    let afterEquals = false;
    this.children(() => {
      if (this.name === ',') afterEquals = rest = false;
      else if (this.name === '*' || this.name === '**') rest = true;
      else if (this.name === 'AssignOp') afterEquals = true;
      else if (afterEquals && isExpression(this.name) && found.length > 0) found.at(-1).value = this.expression();
      else if (this.name === 'VariableName') found.push({ name: this.slice(), range: this.range(), value: null, rest });
    });
    return found;
  }

  private argumentList(): Argument[] {
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

/** `a, b` on either side of an assignment is a tuple. */
function group(values: readonly Expression[]): Expression {
  if (values.length === 1) return values[0];
  const items = values.map((value) => ({ value, spread: false }));
  return { type: 'list', items, from: values[0].from, to: values.at(-1)!.to };
}
