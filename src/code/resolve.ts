import { canonicalPath, libraryOf, TFJS_PACKAGE, type Library } from './catalogue/libraries';
import {
  bodiesOf,
  expressionsOf,
  forEachPart,
  requiredModule,
  type Expression,
  type Module,
  type Statement,
} from './syntax';

/**
 * What the names of a file stand for: imports, aliases of them, and constants that are assigned once. Scopes are
 * ignored; a name with two meanings has none.
 */
export class Names {
  private readonly paths = new Map<string, string | null>();
  private readonly constants = new Map<string, Expression | null>();
  private readonly stars: string[] = [];
  private readonly used = new Set<Library>();

  constructor(language: Module['language'], statements: Iterable<Statement>) {
    for (const statement of statements) this.collect(statement);
    if (language === 'javascript' && !this.paths.has('tf') && this.usesGlobalTf) this.bind('tf', 'tfjs');
  }

  /** Equal for two files whose names stand for the same. */
  get signature(): string {
    return (this.signed ??= this.sign());
  }

  private signed: string | null = null;

  private sign(): string {
    const constants = [...this.constants].map(([name, value]) => [name, value?.type === 'number' ? value.value : null]);
    return JSON.stringify([[...this.paths], this.stars, constants]);
  }

  /** The libraries that the file imports. */
  get libraries(): ReadonlySet<Library> {
    return this.used;
  }

  /** The canonical path of an imported symbol (`torch.nn.functional.relu`); null for anything else. */
  qualify(expression: Expression): string | null {
    const path = this.rawPath(expression);
    return path === null ? null : canonicalPath(path);
  }

  /** The canonical path of a name, as `qualify`. */
  path(name: string): string | null {
    const path = this.rawName(name);
    return path === null ? null : canonicalPath(path);
  }

  /** The literal that a name is bound to in the whole file. */
  constant(name: string): Expression | null {
    return this.constants.get(name) ?? null;
  }

  private rawPath(expression: Expression): string | null {
    if (expression.type === 'name') return this.rawName(expression.name);
    if (expression.type !== 'member') return null;
    const object = this.rawPath(expression.object);
    return object === null ? null : `${object}.${expression.name}`;
  }

  private rawName(name: string): string | null {
    const path = this.paths.get(name);
    if (path !== undefined) return path;
    // What a star import brings is recognised by its capital letter; the catalogues decide the rest.
    const star = this.stars.find((module) => /^[A-Z]/.test(name) || module.endsWith('functional'));
    return star === undefined ? null : `${star}.${name}`;
  }

  private usesGlobalTf = false;

  private bind(name: string, path: string): void {
    const library = libraryOf(canonicalPath(path));
    if (library !== null) this.used.add(library);
    const before = this.paths.get(name);
    // try: from tensorflow.keras import …, except ImportError: from keras import …
    if (before === undefined || before === null || canonicalPath(before) === canonicalPath(path)) {
      this.paths.set(name, before ?? path);
      return;
    }
    const earlier = libraryOf(canonicalPath(before));
    this.paths.set(name, earlier === null ? path : library === null ? before : path);
  }

  private collect(statement: Statement): void {
    if (statement.type === 'import') {
      if (/^[.]/.test(statement.module)) return;
      for (const { imported, local } of statement.names) {
        const script = TFJS_PACKAGE.test(statement.module);
        const module = script ? 'tfjs' : statement.module;
        if (script && local === null) continue;
        if (local === null && imported === '*') {
          this.stars.push(module);
          this.noteStar(module);
        } else if (module === '') {
          // `import a.b.c` binds a; `import a.b as c` binds c to a.b.
          if (local === null) this.bind(imported.split('.')[0], imported.split('.')[0]);
          else this.bind(local, imported);
        } else if (local !== null)
          this.bind(local, imported === '*' || imported === 'default' ? module : `${module}.${imported}`);
      }
      if (statement.names.length === 0 && TFJS_PACKAGE.test(statement.module)) this.bind('tf', 'tfjs');
      return;
    }
    if (statement.type === 'assign') this.collectAssignment(statement);
    for (const expression of expressionsOf(statement)) this.collectExpression(expression, 0);
    for (const body of bodiesOf(statement)) for (const inner of body) this.collect(inner);
  }

  private noteStar(module: string): void {
    const library = libraryOf(canonicalPath(module));
    if (library !== null) this.used.add(library);
  }

  private collectAssignment({ targets, operator, value }: Extract<Statement, { type: 'assign' }>): void {
    const required = requiredModule(value);
    const path = required === null ? this.rawPath(value) : TFJS_PACKAGE.test(required) ? 'tfjs' : null;
    for (const target of targets) {
      if (target.type === 'name') {
        if (path !== null && operator === '=') this.bind(target.name, path);
        this.collectConstant(target.name, operator === '=' ? value : null);
      } else if (target.type === 'object' && path !== null) {
        for (const entry of target.entries)
          if (entry.value.type === 'name') this.bind(entry.value.name, `${path}.${entry.key}`);
      } else if (target.type === 'list' && value.type === 'list' && target.items.length === value.items.length) {
        target.items.forEach((item, i) => {
          const assigned = value.items[i];
          if (item.value.type === 'name' && !assigned.spread) this.collectConstant(item.value.name, assigned.value);
        });
      }
    }
  }

  private collectConstant(name: string, value: Expression | null): void {
    const literal = value?.type === 'number' || value?.type === 'string' ? value : null;
    this.constants.set(name, this.constants.has(name) ? null : literal);
  }

  private collectExpression(expression: Expression, depth: number): void {
    if (expression.type === 'member' && expression.object.type === 'name' && expression.object.name === 'tf')
      this.usesGlobalTf ||= TFJS_MEMBERS.has(expression.name);
    if (expression.type === 'function') for (const statement of expression.body) this.collect(statement);
    // `(await import('@tensorflow/tfjs'))` and imports in call arguments need no walk: they bind no name.
    if (depth < 200) forEachPart(expression, (part) => this.collectExpression(part, depth + 1));
  }
}

/** What only TensorFlow.js calls so, for files that get `tf` from a script tag. */
const TFJS_MEMBERS = new Set(
  (
    'layers sequential model train loadLayersModel loadGraphModel tensor tensor1d tensor2d tensor3d tensor4d tidy ' +
    'browser losses initializers variable variableGrads valueAndGrads scalar oneHot matMul nextFrame setBackend ' +
    'getBackend randomNormal randomUniform truncatedNormal softmax sigmoid relu LayersModel Sequential'
  ).split(' '),
);
/** Whether a text uses a `tf` that is TensorFlow.js: a quick test. */
export const USES_TFJS = new RegExp(String.raw`\btf\s*\.\s*(${[...TFJS_MEMBERS].join('|')})\b`);
