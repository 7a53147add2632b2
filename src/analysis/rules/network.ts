import type { LayerReport } from '../../report/report';

/** The graph of layer calls, for rules that follow the signal from layer to layer. */
export class NetworkGraph {
  private readonly byName: ReadonlyMap<string, LayerReport>;
  private readonly outputsOf = new Map<string, LayerReport[]>();

  constructor(readonly layers: readonly LayerReport[]) {
    this.byName = new Map(layers.map((layer) => [layer.name, layer]));
    for (const layer of layers) {
      for (const input of layer.inputs) {
        const consumers = this.outputsOf.get(input) ?? [];
        consumers.push(layer);
        this.outputsOf.set(input, consumers);
      }
    }
  }

  layer(name: string): LayerReport | null {
    return this.byName.get(name) ?? null;
  }

  inputsOf(layer: LayerReport): readonly LayerReport[] {
    return layer.inputs.flatMap((name) => this.byName.get(name) ?? []);
  }

  consumersOf(layer: LayerReport): readonly LayerReport[] {
    return this.outputsOf.get(layer.name) ?? [];
  }

  /** The nearest layer at or before this one that has a kernel: the one whose weights make this layer's pre-activation. */
  producerOf(layer: LayerReport): LayerReport | null {
    for (let at: LayerReport | null = layer; at !== null; at = this.inputsOf(at)[0] ?? null) {
      if (at.weights.some(({ fanIn }) => fanIn !== null)) return at;
    }
    return null;
  }
}
