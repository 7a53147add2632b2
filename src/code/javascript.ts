import type { SyntaxNode, Tree } from '@lezer/common';
import { parser } from '@lezer/javascript';
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

/** Lowers one statement of the tree on its own; all its ranges count from its start. */
export function lowerJavaScriptStatement(node: SyntaxNode, text: string): readonly Statement[] {
  return new JavaScriptLowering(node.cursor(), text, node.from).statements();
}

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
const isExpression = (name: string): boolean => EXPRESSIONS.has(name);

class JavaScriptLowering extends Lowering {
  /** The statements that the node under the cursor stands for. */
  statements(): Statement[] {
    const found: Statement[] = [];
    this.statement(found);
    return found;
  }

  /** The statements directly below the cursor. */
  body(): Statement[] {
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
        for (const value of this.expressions()) into.push(this.expressionStatement(value, whole));
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

  private expressions(): Expression[] {
    const found: Expression[] = [];
    this.children(() => {
      if (isExpression(this.name)) found.push(this.expression());
    });
    return found;
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

  private parameters(): Parameter[] {
    const found: { name: string; range: Range; value: Expression | null; rest: boolean }[] = [];
    let rest = false;
    let afterEquals = false;
    this.children(() => {
      if (this.name === ',') rest = afterEquals = false;
      else if (this.name === 'Spread') rest = true;
      else if (this.name === 'Equals') afterEquals = true;
      else if (afterEquals && isExpression(this.name) && found.length > 0) found.at(-1).value = this.expression();
      else if (this.name === 'VariableDefinition')
        found.push({ name: this.slice(), range: this.range(), value: null, rest });
      else if (this.name === 'ObjectPattern' || this.name === 'ArrayPattern')
        found.push({ name: '', range: this.range(), value: null, rest });
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
    this.children(() => {
      if (this.name === 'Spread') spread = true;
      else if (this.name === ',') spread = false;
      else if (isExpression(this.name)) found.push({ value: this.expression(), spread });
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
      let afterColon = false;
      let named = true;
      this.children(() => {
        if (this.name === ':') afterColon = true;
        else if (this.name === 'Spread' || this.name === '[') named = false;
        else if (this.name === 'PropertyDefinition' || this.name === 'PropertyName')
          key = { text: this.slice(), range: this.range() };
        else if (this.name === 'String' && !afterColon)
          key = { text: parseString(this.slice()).value, range: this.range() };
        else if (this.name === 'Block') this.children(() => undefined);
        else if (isExpression(this.name)) value ??= this.expression();
      });
      const written = key as { text: string; range: Range } | null;
      let found = value;
      if (written === null || !named) {
        // `{ name = 1 }` and `{ name }` of patterns have only a definition.
        if (this.name === 'PatternProperty' && named && found?.type === 'name')
          entries.push({ key: found.name, keyRange: found, value: found, ...whole });
        else {
          complete = false;
          if (found !== null) entries.push({ key: '', keyRange: whole, value: found, ...whole });
        }
        return;
      }
      // Shorthand `{ units }`.
      found ??= { type: 'name', name: written.text, ...written.range };
      entries.push({ key: written.text, keyRange: written.range, value: found, ...whole });
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
        parameters = [{ name: this.slice(), range: this.range(), value: null, rest: false }];
      else if (isExpression(this.name) && seenArrow) {
        const value = this.expression();
        body = [{ type: 'return', value, from: value.from, to: value.to }];
      }
    });
    return { type: 'function', parameters, body, ...this.range() };
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
