/**
 * The syntax that both language fronts lower their parse trees to: the small common part of Python and JavaScript in
 * which training code is written. Whatever is not needed to understand layers and optimisers becomes an `unknown`
 * expression that keeps its parts, so that nothing written inside it is missed.
 */

/** Offsets into the source text in UTF-16 code units, `to` exclusive. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export type Expression =
  | Name
  | Member
  | Call
  | StringLiteral
  | NumberLiteral
  | Constant
  | List
  | ObjectLiteral
  | Binary
  | Conditional
  | Subscript
  | FunctionExpression
  | AssignmentExpression
  | UnknownExpression;

export interface Name extends Range {
  readonly type: 'name';
  readonly name: string;
}

export interface Member extends Range {
  readonly type: 'member';
  readonly object: Expression;
  readonly name: string;
  readonly nameRange: Range;
}

export interface Call extends Range {
  readonly type: 'call';
  readonly callee: Expression;
  readonly arguments: readonly Argument[];
  /** The parenthesised list with its parentheses; empty at the end of the callee where `new` has none. */
  readonly list: Range;
}

export interface Argument extends Range {
  /** The keyword, null for a positional argument. The range spans `keyword=value`. */
  readonly name: string | null;
  readonly value: Expression;
  /** `*list`, `**dictionary` or `...list`. */
  readonly spread: boolean;
}

export interface StringLiteral extends Range {
  readonly type: 'string';
  readonly value: string;
  /** The quotation mark that the author uses. */
  readonly quote: string;
}

export interface NumberLiteral extends Range {
  readonly type: 'number';
  readonly value: number;
}

/** `None`, `null` and `undefined` are null. */
export interface Constant extends Range {
  readonly type: 'constant';
  readonly value: boolean | null;
}

/** Lists, tuples and arrays. */
export interface List extends Range {
  readonly type: 'list';
  readonly items: readonly ListItem[];
}

export interface ListItem {
  readonly value: Expression;
  readonly spread: boolean;
}

export interface ObjectLiteral extends Range {
  readonly type: 'object';
  readonly entries: readonly ObjectEntry[];
  /** Whether the keys are all known: no spread, no computed key. */
  readonly complete: boolean;
}

/** In a destructuring pattern `{ key = standard }` the value is the assignment of the default. */
export interface ObjectEntry extends Range {
  readonly key: string;
  readonly keyRange: Range;
  readonly value: Expression;
}

export interface Binary extends Range {
  readonly type: 'binary';
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
}

export interface Conditional extends Range {
  readonly type: 'conditional';
  readonly test: Expression;
  readonly then: Expression;
  readonly otherwise: Expression;
}

export interface Subscript extends Range {
  readonly type: 'subscript';
  readonly object: Expression;
  /** Null for slices and several indices. */
  readonly index: Expression | null;
}

export interface FunctionExpression extends Range {
  readonly type: 'function';
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[];
}

export interface AssignmentExpression extends Range {
  readonly type: 'assignment';
  readonly target: Expression;
  readonly operator: string;
  readonly value: Expression;
}

/** Anything else, with the expressions written inside. */
export interface UnknownExpression extends Range {
  readonly type: 'unknown';
  readonly parts: readonly Expression[];
}

export interface Parameter {
  /** Empty for a destructuring pattern. */
  readonly name: string;
  readonly range: Range;
  /** The default. */
  readonly value: Expression | null;
  /** `*rest`, `**rest` or `...rest`. */
  readonly rest: boolean;
  /** The destructuring pattern; null for a plain name. */
  readonly pattern: Expression | null;
}

export type Statement = Import | Assign | Evaluate | If | Loop | FunctionDefinition | ClassDefinition | Return | Block;

export interface Import extends Range {
  readonly type: 'import';
  /** Empty for `import a, b`, where the names are modules themselves. */
  readonly module: string;
  readonly names: readonly ImportedName[];
}

export interface ImportedName {
  /** Dotted in Python; `*` for everything, `default` for a default import. */
  readonly imported: string;
  /** The name it has in this file; null where a star import gives none. */
  readonly local: string | null;
  readonly range: Range;
}

export interface Assign extends Range {
  readonly type: 'assign';
  readonly targets: readonly Expression[];
  /** `=`, or an update such as `/=`. */
  readonly operator: string;
  /** Whether the names are new in this scope (`const`, `let`, class fields); Python decides by the scope itself. */
  readonly declares: boolean;
  readonly value: Expression;
}

export interface Evaluate extends Range {
  readonly type: 'evaluate';
  readonly value: Expression;
}

/** `if`, `switch` and `match`. */
export interface If extends Range {
  readonly type: 'if';
  /** The condition of the first branch; null where it is not a plain condition. */
  readonly test: Expression | null;
  readonly parts: readonly Expression[];
  readonly branches: readonly (readonly Statement[])[];
  /** Whether one of the branches always runs. */
  readonly exhaustive: boolean;
}

export interface Loop extends Range {
  readonly type: 'loop';
  /** The loop variable; null where the loop has none that is set from `over`. */
  readonly target: Expression | null;
  /** What is iterated over, or null for `while` and the general `for`. */
  readonly over: Expression | null;
  /** Number of rounds of a counting `for (let i = from; i < to; i++)`. */
  readonly count: { readonly from: Expression; readonly to: Expression; readonly inclusive: boolean } | null;
  readonly parts: readonly Expression[];
  readonly body: readonly Statement[];
}

export interface FunctionDefinition extends Range {
  readonly type: 'function';
  readonly name: string;
  readonly nameRange: Range;
  readonly parameters: readonly Parameter[];
  readonly decorators: readonly Expression[];
  readonly body: readonly Statement[];
}

export interface ClassDefinition extends Range {
  readonly type: 'class';
  readonly name: string;
  readonly nameRange: Range;
  readonly bases: readonly Expression[];
  readonly decorators: readonly Expression[];
  readonly body: readonly Statement[];
}

export interface Return extends Range {
  readonly type: 'return';
  readonly value: Expression | null;
}

/** Statements that run in order in the scope around them: `with`, `try` and plain blocks. */
export interface Block extends Range {
  readonly type: 'block';
  readonly parts: readonly Expression[];
  readonly body: readonly Statement[];
}

/** A whole source file. */
export interface Module {
  readonly language: 'python' | 'javascript';
  readonly body: readonly Statement[];
}

/** How deep expressions may be nested; what lies deeper is left out. */
export const MAXIMUM_DEPTH = 200;

/** Calls `visit` for every expression directly inside `expression`. */
export function forEachPart(expression: Expression, visit: (part: Expression) => void): void {
  switch (expression.type) {
    case 'member':
      return visit(expression.object);
    case 'call':
      visit(expression.callee);
      for (const argument of expression.arguments) visit(argument.value);
      return;
    case 'list':
      for (const item of expression.items) visit(item.value);
      return;
    case 'object':
      for (const entry of expression.entries) visit(entry.value);
      return;
    case 'binary':
      visit(expression.left);
      return visit(expression.right);
    case 'conditional':
      visit(expression.test);
      visit(expression.then);
      return visit(expression.otherwise);
    case 'subscript':
      visit(expression.object);
      if (expression.index !== null) visit(expression.index);
      return;
    case 'assignment':
      visit(expression.target);
      return visit(expression.value);
    case 'unknown':
      expression.parts.forEach(visit);
      return;
    case 'function':
      for (const parameter of expression.parameters) partsOf(parameter).forEach(visit);
      return;
    case 'name':
    case 'string':
    case 'number':
    case 'constant':
  }
}

/** The pattern and the default of a parameter, where it has them. */
export const partsOf = ({ pattern, value }: Parameter): readonly Expression[] =>
  [pattern, value].filter((part) => part !== null);

/** Statements directly inside `statement`, without those of functions written as expressions. */
export function bodiesOf(statement: Statement): readonly (readonly Statement[])[] {
  switch (statement.type) {
    case 'if':
      return statement.branches;
    case 'loop':
    case 'function':
    case 'class':
    case 'block':
      return [statement.body];
    default:
      return [];
  }
}

/** Expressions directly inside `statement`. */
export function expressionsOf(statement: Statement): readonly Expression[] {
  switch (statement.type) {
    case 'assign':
      return [...statement.targets, statement.value];
    case 'evaluate':
      return [statement.value];
    case 'return':
      return statement.value === null ? [] : [statement.value];
    case 'if':
      return statement.test === null ? statement.parts : [statement.test, ...statement.parts];
    case 'loop': {
      const bounds = statement.count === null ? [] : [statement.count.from, statement.count.to];
      return [statement.target, statement.over, ...bounds, ...statement.parts].filter((part) => part !== null);
    }
    case 'function':
      return [...statement.decorators, ...statement.parameters.flatMap(partsOf)];
    case 'class':
      return [...statement.decorators, ...statement.bases];
    case 'block':
      return statement.parts;
    case 'import':
      return [];
  }
}

/** The module of `require('x')`; null for anything else. */
export function requiredModule(value: Expression): string | null {
  if (value.type !== 'call' || value.callee.type !== 'name' || value.callee.name !== 'require') return null;
  const first = value.arguments.at(0)?.value;
  return first?.type === 'string' ? first.value : null;
}
