import type { Tree } from '@lezer/common';
import { parser } from '@lezer/javascript';
import { parseString } from './lowering';
import { JavaScriptExpressions, isExpression } from './javascriptExpressions';
import {
  MAXIMUM_DEPTH,
  requiredModule,
  type Expression,
  type ImportedName,
  type Module,
  type Parameter,
  type Range,
  type Statement,
} from './syntax';

/** The error-tolerant incremental parsers for JavaScript (with JSX), TypeScript, and TypeScript with JSX. */
export const javascriptParsers = {
  javascript: parser.configure({ dialect: 'jsx' }),
  typescript: parser.configure({ dialect: 'ts' }),
  typescriptreact: parser.configure({ dialect: 'ts jsx' }),
};

/** Lowers a parse tree of one of `javascriptParsers` over `text`. Never throws, however broken the source is. */
export function lowerJavaScript(tree: Tree, text: string): Module {
  return { language: 'javascript', body: new JavaScriptLowering(tree.cursor(), text).body() };
}

class JavaScriptLowering extends JavaScriptExpressions {
  /** The statements directly below the cursor. */
  override body(): Statement[] {
    const statements: Statement[] = [];
    this.children(() => this.statement(statements));
    return statements;
  }

  private statement(into: Statement[]): void {
    if (this.depth >= MAXIMUM_DEPTH) return;
    this.depth++;
    const whole = this.range();
    switch (this.name) {
      case 'ImportDeclaration':
        into.push(this.importDeclaration());
        break;
      case 'VariableDeclaration':
        this.declaration(into);
        break;
      case 'ExpressionStatement':
        for (const value of this.expressions()) {
          const imported = importRequire(into.at(-1), value);
          if (imported === null) into.push(this.expressionStatement(value, whole));
          else into.splice(-1, 1, imported);
        }
        break;
      case 'ReturnStatement': {
        const [value] = this.expressions();
        into.push({ type: 'return', value: value ?? null, ...whole });
        break;
      }
      case 'IfStatement':
        into.push(this.ifStatement());
        break;
      case 'SwitchStatement': {
        const parts: Expression[] = [];
        const body: Statement[] = [];
        this.children(() => {
          if (this.name === 'SwitchBody') this.children(() => this.statement(body));
          else if (isExpression(this.name)) parts.push(this.expression());
        });
        into.push({ type: 'if', test: null, parts, branches: [body], exhaustive: false, ...whole });
        break;
      }
      case 'ForStatement':
      case 'WhileStatement':
      case 'DoStatement':
        into.push(this.loop());
        break;
      case 'Block':
      case 'TryStatement':
      case 'LabeledStatement':
        into.push(this.block());
        break;
      case 'FunctionDeclaration':
      case 'ClassDeclaration':
        into.push(this.definition());
        break;
      case 'ExportDeclaration':
        this.children(() => this.statement(into));
        break;
      case 'LineComment':
      case 'BlockComment':
      case 'TypeAliasDeclaration':
      case 'InterfaceDeclaration':
        break;
      default:
        if (isExpression(this.name)) into.push({ type: 'evaluate', value: this.expression(), ...whole });
        else
          for (const value of this.unknown(isExpression).parts)
            into.push({ type: 'evaluate', value, from: value.from, to: value.to });
    }
    this.depth--;
  }

  private expressionStatement(value: Expression, whole: Range): Statement {
    return value.type === 'assignment'
      ? {
          type: 'assign',
          targets: [value.target],
          operator: value.operator,
          declares: false,
          value: value.value,
          ...whole,
        }
      : { type: 'evaluate', value, ...whole };
  }

  private importDeclaration(): Statement {
    const names: ImportedName[] = [];
    let module = '';
    let star = false;
    this.children(() => {
      if (this.name === 'Star') star = true;
      else if (this.name === 'VariableDefinition') {
        names.push({ imported: star ? '*' : 'default', local: this.slice(), range: this.range() });
        star = false;
      } else if (this.name === 'ImportGroup') names.push(...this.importGroup());
      else if (this.name === 'String') module = parseString(this.slice()).value;
    });
    return { type: 'import', module, names, ...this.range() };
  }

  private importGroup(): ImportedName[] {
    const found: ImportedName[] = [];
    let imported: string | null = null;
    this.children(() => {
      if (this.name === ',') imported = null;
      else if (this.name === 'VariableName') imported = this.slice();
      else if (this.name === 'VariableDefinition')
        found.push({ imported: imported ?? this.slice(), local: this.slice(), range: this.range() });
    });
    return found;
  }

  /** `const a = 1, {b} = c;`: one assignment for each; what is declared without a value starts as undefined. */
  private declaration(into: Statement[]): void {
    let target = null as Expression | null;
    let value = null as Expression | null;
    let afterEquals = false;
    const finish = (): void => {
      if (target !== null) {
        const assigned: Expression = value ?? { type: 'constant', value: null, from: target.to, to: target.to };
        const range = { from: target.from, to: assigned.to };
        into.push({ type: 'assign', targets: [target], operator: '=', declares: true, value: assigned, ...range });
      }
      target = value = null;
      afterEquals = false;
    };
    this.children(() => {
      if (this.name === ',') finish();
      else if (this.name === 'Equals') afterEquals = true;
      else if (isExpression(this.name)) {
        if (afterEquals) value = this.expression();
        else target = this.expression();
      }
    });
    finish();
  }

  private ifStatement(): Statement {
    const branches: Statement[][] = [];
    let test = null as Expression | null;
    let exhaustive = false;
    this.children(() => {
      if (this.name === 'ParenthesizedExpression' && test === null) test = this.expression();
      else if (this.name === 'else') exhaustive = true;
      else if (this.name !== 'if') {
        const branch: Statement[] = [];
        this.statement(branch);
        branches.push(branch);
      }
    });
    return { type: 'if', test, parts: [], branches, exhaustive, ...this.range() };
  }

  private loop(): Statement {
    const whole = this.range();
    const parts: Expression[] = [];
    const body: Statement[] = [];
    let target = null as Expression | null;
    let over = null as Expression | null;
    let start: Statement | undefined;
    let end = null as Expression | null;
    this.children(() => {
      if (this.name === 'ForOfSpec') {
        let seenOf = false;
        this.children(() => {
          if (this.name === 'of') seenOf = true;
          else if (isExpression(this.name)) {
            if (seenOf) over = this.expression();
            else target = this.expression();
          }
        });
      } else if (this.name === 'ForSpec') {
        const before: Statement[] = [];
        this.children(() => {
          if (this.name === 'VariableDeclaration') this.declaration(before);
          else if (isExpression(this.name)) {
            const one = this.expression();
            if (end === null && one.type === 'binary') end = one;
            parts.push(one);
          }
        });
        start = before[0];
      } else if (this.name === 'ForInSpec' || isExpression(this.name)) parts.push(this.unknown(isExpression));
      else this.statement(body);
    });
    const count = counting(start, end);
    if (count !== null && start?.type === 'assign') target = start.targets[0] ?? null;
    if (count === null && start?.type === 'assign') parts.push(start.value);
    return { type: 'loop', target, over, count, parts, body, ...whole };
  }

  private block(): Statement {
    const parts: Expression[] = [];
    const body: Statement[] = [];
    const visit = (): void => {
      if (this.name === 'CatchClause' || this.name === 'FinallyClause') this.children(visit);
      else if (this.name === 'VariableDefinition') return;
      else if (isExpression(this.name)) parts.push(this.expression());
      else this.statement(body);
    };
    this.children(visit);
    return { type: 'block', parts, body, ...this.range() };
  }

  private definition(): Statement {
    const whole = this.range();
    const isFunction = this.name === 'FunctionDeclaration';
    let name = '';
    let nameRange: Range = { from: whole.from, to: whole.from };
    let parameters: Parameter[] = [];
    const bases: Expression[] = [];
    let body: Statement[] = [];
    this.children(() => {
      if (this.name === 'VariableDefinition') {
        name = this.slice();
        nameRange = this.range();
      } else if (this.name === 'ParamList') parameters = this.parameters();
      else if (this.name === 'Block') body = this.body();
      else if (this.name === 'ClassBody') body = this.classBody();
      else if (isExpression(this.name)) bases.push(this.expression());
    });
    if (isFunction) return { type: 'function', name, nameRange, parameters, decorators: [], body, ...whole };
    return { type: 'class', name, nameRange, bases, decorators: [], body, ...whole };
  }

  /** Methods as functions, fields as assignments. */
  private classBody(): Statement[] {
    const found: Statement[] = [];
    this.children(() => {
      const whole = this.range();
      let name = '';
      let nameRange: Range = whole;
      let value = null as Expression | null;
      let parameters: Parameter[] = [];
      let body: Statement[] = [];
      const isMethod = this.name === 'MethodDeclaration';
      if (!isMethod && this.name !== 'PropertyDeclaration') return;
      this.children(() => {
        if (this.name === 'PropertyDefinition' || this.name === 'PrivatePropertyDefinition') {
          name = this.slice();
          nameRange = this.range();
        } else if (this.name === 'ParamList') parameters = this.parameters();
        else if (this.name === 'Block') body = this.body();
        else if (isExpression(this.name)) value = this.expression();
      });
      if (isMethod) found.push({ type: 'function', name, nameRange, parameters, decorators: [], body, ...whole });
      else if (value !== null) {
        const target: Expression = { type: 'name', name, ...nameRange };
        found.push({ type: 'assign', targets: [target], operator: '=', declares: true, value, ...whole });
      }
    });
    return found;
  }
}

/** Recognises `for (let i = a; i < b; i++)`. */
function counting(
  start: Statement | undefined,
  test: Expression | null,
): { from: Expression; to: Expression; inclusive: boolean } | null {
  if (start?.type !== 'assign' || test?.type !== 'binary') return null;
  const target = start.targets[0];
  if (target?.type !== 'name' || test.left.type !== 'name' || test.left.name !== target.name) return null;
  if (test.operator !== '<' && test.operator !== '<=') return null;
  return { from: start.value, to: test.right, inclusive: test.operator === '<=' };
}

/** TypeScript's `import tf = require('x')`, which its parser takes for an import cut off and a call. */
function importRequire(before: Statement | undefined, call: Expression): Statement | null {
  if (before?.type !== 'import' || before.module !== '' || before.names.length !== 1) return null;
  const module = requiredModule(call);
  return module === null ? null : { ...before, module, to: call.to };
}
