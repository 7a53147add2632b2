import type { FitUse, LossUse, ModelDefinition, OptimizerUse, Step } from './facts';
import type { Recorder } from './interpreter/context';
import { inputNode, modelNodes } from './interpreter/graph';
import type { LossApplication, ModelDraft, Node } from './interpreter/values';

/** Networks with more steps than this are not judged. */
const MAXIMUM_STEPS = 5000;

/** Turns what the interpreter recorded into facts. */
export class Definitions {
  private readonly byKey = new Map<string, ModelDefinition>();
  private readonly stepOf = new Map<Node, { definition: ModelDefinition; step: Step }>();

  constructor(private readonly recorder: Recorder) {
    for (const [key, draft] of recorder.drafts) {
      const definition = this.define(draft);
      if (definition !== null) this.byKey.set(key, definition);
    }
  }

  get all(): readonly ModelDefinition[] {
    return [...this.byKey.values()].sort((a, b) => a.range.from - b.range.from);
  }

  optimizers(): readonly OptimizerUse[] {
    return unique(this.recorder.optimizers).map(({ draft, ...use }) => ({ ...use, model: this.of(draft) }));
  }

  /** One entry for each time that a loss is given something, and one for each that is given nothing known. */
  losses(): readonly LossUse[] {
    const given = this.recorder.applications.map((application) => this.application(application));
    const seen = new Set(given.map((use) => use.range.from));
    const rest = this.recorder.losses.filter((loss) => !seen.has(loss.range.from));
    return [...given, ...unique(rest).map((loss) => ({ ...loss, model: null, output: null }))];
  }

  fits(): readonly FitUse[] {
    return unique(this.recorder.fits).map(({ draft, ...fit }) => ({ ...fit, model: this.of(draft) }));
  }

  private application({ loss, draft, node }: LossApplication): LossUse {
    const model = this.of(draft);
    if (model !== null) {
      const output = model.outputs.length === 1 ? (model.steps[model.outputs[0]] ?? null) : null;
      return { ...loss, model, output };
    }
    if (node === null) return { ...loss, model: null, output: null };
    const known = this.stepOf.get(node);
    if (known !== undefined) return { ...loss, model: known.definition, output: known.step };
    // A tensor of the training loop: the loss sees what was done to the network's output there.
    const definition = stepsFrom([node], { range: node.range });
    return { ...loss, model: definition, output: definition.steps[definition.outputs[0]] ?? null };
  }

  private of(draft: ModelDraft | null): ModelDefinition | null {
    return draft === null ? null : (this.byKey.get(`${draft.range.from}:${draft.range.to}`) ?? null);
  }

  private define(draft: ModelDraft): ModelDefinition | null {
    const outputs = draft.form === 'sequential' ? sequentialOutputs(draft) : draft.outputs;
    if (outputs === null) return null;
    const definition = stepsFrom(outputs, draft);
    const reached = new Map<Node, number>();
    order(outputs).forEach((node, i) => reached.set(node, i));
    for (const [node, i] of reached) this.stepOf.set(node, { definition, step: definition.steps[i] });
    return definition;
  }
}

/** Where layers that are not seen may stand anywhere between the others, none of them is certain. */
function sequentialOutputs(draft: ModelDraft): readonly Node[] {
  const items = draft.complete ? draft.items : draft.items.map((item) => ({ ...item, certain: false }));
  return modelNodes({ ...draft, items, complete: true }, [inputNode(draft.range)], draft.range);
}

function stepsFrom(
  outputs: readonly Node[],
  draft: Pick<ModelDefinition, 'range'> & Partial<Omit<ModelDraft, 'outputs'>>,
): ModelDefinition {
  const nodes = order(outputs);
  const index = new Map(nodes.map((node, i) => [node, i]));
  const steps: Step[] = nodes.map(({ inputs, ...node }) => ({
    ...node,
    inputs: inputs.map((input) => index.get(input)!),
  }));
  const understood = steps.every((step) => step.certain && step.operation !== 'unknown' && step.operation !== 'model');
  return {
    library: draft.library ?? 'torch',
    form: draft.form ?? 'subclass',
    name: draft.name ?? null,
    range: draft.range,
    steps,
    outputs: outputs.map((node) => index.get(node)!),
    complete: understood && (draft.complete ?? true) && outputs.length > 0,
    nested: draft.nested ?? false,
  };
}

/** The nodes that lead to `outputs`, inputs first; empty where there are too many. */
function order(outputs: readonly Node[]): readonly Node[] {
  const done = new Set<Node>();
  const stack: { node: Node; next: number }[] = [];
  const open = new Set<Node>();
  const push = (node: Node): void => {
    if (done.has(node) || open.has(node)) return;
    open.add(node);
    stack.push({ node, next: 0 });
  };
  for (const output of outputs) {
    push(output);
    while (stack.length > 0) {
      const top = stack.at(-1);
      const input = top.node.inputs[top.next++];
      if (input !== undefined) push(input);
      else {
        stack.pop();
        done.add(top.node);
      }
    }
  }
  return done.size > MAXIMUM_STEPS ? [] : [...done];
}

/** Runs of the same code, for instance a function that is called twice, give the same fact once. */
function unique<T extends { readonly range: { readonly from: number } }>(uses: readonly T[]): readonly T[] {
  const byStart = new Map<number, T>();
  for (const use of uses) if (!byStart.has(use.range.from)) byStart.set(use.range.from, use);
  return [...byStart.values()].sort((a, b) => a.range.from - b.range.from);
}
