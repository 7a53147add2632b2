import type { Disposable, LogOutputChannel, Memento } from 'vscode';
import type { Diagnoses } from '../diagnoses';
import type { RuleDocumentation } from '../ruleDocumentation';
import { CodeActions } from './codeActions';
import { CodeDocuments } from './codeDocuments';
import { CodeHovers } from './codeHovers';
import { CodeLenses } from './codeLenses';
import { CodeProblems } from './codeProblems';
import { ModelBindings, type DefinitionName } from './modelBindings';

export interface CodeParts {
  readonly diagnoses: Diagnoses;
  readonly documentation: RuleDocumentation;
  readonly memory: Memento;
  readonly log: LogOutputChannel;
}

/** Everything that the editor shows in training code. The bundle dist/code.js is this file and what it imports. */
export class TrainingCode implements Disposable {
  readonly #bindings: ModelBindings;
  readonly #documents: CodeDocuments;
  readonly #parts: readonly Disposable[];

  constructor({ diagnoses, documentation, memory, log }: CodeParts) {
    this.#documents = new CodeDocuments(log);
    this.#bindings = new ModelBindings(diagnoses, memory);
    this.#parts = [
      this.#documents,
      this.#bindings,
      new CodeProblems(this.#documents, documentation),
      new CodeHovers(this.#documents, this.#bindings).register(),
      new CodeActions(this.#documents).register(),
      new CodeLenses(this.#documents, this.#bindings),
    ];
    this.#documents.start();
    // What was measured in the last session is told from the first hover on.
    void diagnoses.restore();
  }

  /** Asks which model a definition trains; without one for the definition at the cursor. */
  chooseModel(definition: DefinitionName | null): Promise<void> {
    return this.#bindings.choose(definition, this.#documents);
  }

  dispose(): void {
    for (const part of [...this.#parts].reverse()) part.dispose();
  }
}
