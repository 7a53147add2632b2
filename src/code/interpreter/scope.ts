import { same, UNKNOWN, type Value } from './values';

/** Names and what they stand for, in one function, class or branch. */
export class Scope {
  readonly values = new Map<string, Value>();

  constructor(
    readonly parent: Scope | null,
    /** A branch keeps its assignments to itself until `merge`. */
    readonly kind: 'function' | 'branch' = 'function',
    /** Whether an assignment reaches names of outer scopes: in JavaScript it does, in Python it makes a local name. */
    private readonly reachesOut: boolean = parent?.reachesOut ?? false,
  ) {}

  get(name: string): Value | undefined {
    return this.values.get(name) ?? this.parent?.get(name);
  }

  /** Gives a name a value in this scope. */
  define(name: string, value: Value): void {
    this.values.set(name, value);
  }

  /** Gives a name a value where the language keeps it. */
  assign(name: string, value: Value): void {
    (this.owner(name) ?? this).values.set(name, value);
  }

  /** The scope that an assignment to a known name reaches. */
  private owner(name: string): Scope | null {
    if (this.values.has(name)) return this;
    return this.kind === 'branch' || !this.reachesOut ? null : (this.parent?.owner(name) ?? null);
  }

  /** Takes over what branches assigned: what they agree on, unknown for the rest. `exhaustive` if one of them has run. */
  merge(branches: readonly Scope[], exhaustive: boolean): void {
    const names = new Set(branches.flatMap((branch) => [...branch.values.keys()]));
    for (const name of names) {
      const before = this.get(name);
      const results = branches.map((branch) => branch.values.get(name) ?? before);
      if (!exhaustive) results.push(before);
      // Not yet assigned in some branch: the code relies on another one having run.
      const assigned = results.filter((value) => value !== undefined && value.type !== 'none') as Value[];
      const first = assigned[0];
      const agreed = first !== undefined && assigned.every((value) => same(value, first));
      this.assign(name, first === undefined ? { type: 'none' } : agreed ? first : UNKNOWN);
    }
  }
}
