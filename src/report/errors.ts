/** One code per kind of bad input; the command line prints it, VS Code shows the message and remedy. */
export type DiagnosisErrorCode =
  | 'usage'
  | 'file-not-found'
  | 'file-unreadable'
  | 'file-empty'
  | 'path-outside-model'
  | 'invalid-json'
  | 'not-a-model'
  | 'unsupported-format'
  | 'unknown-layer'
  | 'invalid-topology'
  | 'missing-shard'
  | 'truncated-shard'
  | 'weights-mismatch'
  | 'invalid-data'
  | 'shape-mismatch'
  | 'out-of-memory'
  | 'cancelled'
  | 'internal';

/** A `DiagnosisError` as plain data, for crossing a worker or webview boundary. */
export interface DiagnosisProblem {
  readonly code: DiagnosisErrorCode;
  /** What was wrong, one sentence. */
  readonly message: string;
  /** Where: file, JSON path, layer; null where it is the whole. */
  readonly place: string | null;
  /** What to do about it, one sentence. */
  readonly remedy: string | null;
}

/** Every failure that a person can act on. Anything else that is thrown is a defect and becomes `internal`. */
export class DiagnosisError extends Error {
  override readonly name = 'DiagnosisError';

  constructor(
    readonly code: DiagnosisErrorCode,
    message: string,
    readonly place: string | null = null,
    readonly remedy: string | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  static from(error: unknown): DiagnosisError {
    if (error instanceof DiagnosisError) return error;
    const cause = error instanceof Error ? error : new Error(String(error));
    return new DiagnosisError(
      'internal',
      `An unexpected error stopped the diagnosis: ${cause.message}`,
      null,
      'Report this with the model file, if you can share it.',
      { cause },
    );
  }

  static revive(problem: DiagnosisProblem): DiagnosisError {
    return new DiagnosisError(problem.code, problem.message, problem.place, problem.remedy);
  }

  get problem(): DiagnosisProblem {
    return { code: this.code, message: this.message, place: this.place, remedy: this.remedy };
  }

  /** Everything on one line: `missing-shard: … (weights.bin). Remedy.` */
  get oneLine(): string {
    const place = this.place === null ? '' : ` (${this.place})`;
    const remedy = this.remedy === null ? '' : ` ${this.remedy}`;
    return `${this.code}: ${this.message}${place}${remedy}`.replace(/\s+/g, ' ');
  }
}
