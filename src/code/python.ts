import type { Tree } from '@lezer/common';
import { parser } from '@lezer/python';
import { PythonExpressions, isExpression } from './pythonExpressions';
import {
  MAXIMUM_DEPTH,
  type Argument,
  type Expression,
  type ImportedName,
  type Module,
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

class PythonLowering extends PythonExpressions {
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
}

/** `a, b` on either side of an assignment is a tuple. */
function group(values: readonly Expression[]): Expression {
  if (values.length === 1) return values[0];
  const items = values.map((value) => ({ value, spread: false }));
  return { type: 'list', items, from: values[0].from, to: values.at(-1)!.to };
}
