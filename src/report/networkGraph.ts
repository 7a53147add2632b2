import type { LayerReport } from './report';

/** The graph of layer calls, for rules that follow the signal from layer to layer. */
export class NetworkGraph {
  private readonly byName: ReadonlyMap<string, LayerReport>;
  private readonly sources: ReadonlyMap<string, readonly LayerReport[]>;
  private readonly consumers = new Map<string, LayerReport[]>();
  private readonly bypassed = new Map<string, boolean>();

  /** The graph of these layers, made once: every rule asks for it. */
  static of(layers: readonly LayerReport[]): NetworkGraph {
    let graph = graphs.get(layers);
    if (graph === undefined) {
      graph = new NetworkGraph(layers);
      graphs.set(layers, graph);
    }
    return graph;
  }

  private constructor(readonly layers: readonly LayerReport[]) {
    this.byName = new Map(layers.map((layer) => [layer.name, layer]));
    this.sources = new Map(
      layers.map(({ name, inputs }) => [name, inputs.flatMap((input) => this.byName.get(input) ?? [])]),
    );
    for (const layer of layers) {
      for (const input of layer.inputs) {
        const consumers = this.consumers.get(input) ?? [];
        consumers.push(layer);
        this.consumers.set(input, consumers);
      }
    }
  }

  layer(name: string): LayerReport | null {
    return this.byName.get(name) ?? null;
  }

  inputsOf(layer: LayerReport): readonly LayerReport[] {
    return this.sources.get(layer.name) ?? [];
  }

  consumersOf(layer: LayerReport): readonly LayerReport[] {
    return this.consumers.get(layer.name) ?? [];
  }

  /** The nearest layer at or before this one that has a kernel: the one whose weights make this layer's pre-activation. */
  producerOf(layer: LayerReport): LayerReport | null {
    for (let at: LayerReport | null = layer; at !== null; at = this.inputsOf(at)[0] ?? null) {
      if (at.weights.some(({ fanIn }) => fanIn !== null)) return at;
    }
    return null;
  }

  /** The layer and everything that it depends on. */
  ancestorsOf(layer: LayerReport): ReadonlySet<LayerReport> {
    return reach(layer, (at) => this.inputsOf(at));
  }

  /** The layer and everything that depends on it. */
  descendantsOf(layer: LayerReport): ReadonlySet<LayerReport> {
    return reach(layer, (at) => this.consumersOf(at));
  }

  /** Names of the output layers that depend on this one: its gradient is made of what they send back. */
  outputsReachedFrom(layer: LayerReport): readonly string[] {
    const reached = this.descendantsOf(layer);
    return this.layers.filter((at) => at.role === 'output' && reached.has(at)).map(({ name }) => name);
  }

  /**
   * The points whose layers serve the same outputs, together. Heads of different size and scale send back different
   * gradients, and where they join, what grows is not the network's doing: only within a group can gradients be compared.
   */
  byOutputs<T extends { readonly layer: LayerReport }>(points: readonly T[]): readonly T[][] {
    const groups = new Map<string, T[]>();
    for (const point of points) {
      const outputs = JSON.stringify(this.outputsReachedFrom(point.layer));
      const group = groups.get(outputs) ?? [];
      group.push(point);
      groups.set(outputs, group);
    }
    return [...groups.values()];
  }

  /**
   * Whether the signal can go round the layer: some path from an input that it depends on to an output that depends on it
   * leaves it out, as around the branch of a residual block.
   */
  isBypassed(layer: LayerReport): boolean {
    let known = this.bypassed.get(layer.name);
    if (known === undefined) {
      known = this.findBypass(layer);
      this.bypassed.set(layer.name, known);
    }
    return known;
  }

  private findBypass(layer: LayerReport): boolean {
    const ancestors = this.ancestorsOf(layer);
    const descendants = this.descendantsOf(layer);
    const modelInputs = new Set(
      [...ancestors].flatMap(({ inputs }) => inputs.filter((name) => !this.byName.has(name))),
    );
    const starts = this.layers.filter((at) => at !== layer && at.inputs.some((name) => modelInputs.has(name)));
    return starts.some((start) =>
      [...reach(start, (at) => this.consumersOf(at), layer)].some(
        (at) => descendants.has(at) && this.consumersOf(at).length === 0,
      ),
    );
  }
}

const graphs = new WeakMap<readonly LayerReport[], NetworkGraph>();

/** The layer and everything that can be reached from it without passing `without`. */
function reach(
  from: LayerReport,
  next: (layer: LayerReport) => readonly LayerReport[],
  without: LayerReport | null = null,
): Set<LayerReport> {
  const seen = new Set([from]);
  const waiting = [from];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const other of next(at)) {
      if (other === without || seen.has(other)) continue;
      seen.add(other);
      waiting.push(other);
    }
  }
  return seen;
}
