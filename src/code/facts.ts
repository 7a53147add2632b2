import type { LayerRole } from './catalogue/layers';
import type { Library } from './catalogue/libraries';
import type { Expression, Range } from './syntax';

/**
 * What training code says, in terms that are the same for every language and library. `null` means that the code
 * leaves it open or that it could not be resolved within the file; advice stays silent then.
 */
export interface CodeModel {
  readonly language: 'python' | 'javascript';
  /** Keras's major version where the code shows it: 2 and 3 name some arguments differently. */
  readonly kerasVersion: 2 | 3 | null;
  readonly definitions: readonly ModelDefinition[];
  readonly optimizers: readonly OptimizerUse[];
  readonly losses: readonly LossUse[];
  readonly fits: readonly FitUse[];
  /** In the order of the text; they do not overlap except that a learning rate may hold its value. */
  readonly mentions: readonly Mention[];
}

/** A network as the code builds it. */
export interface ModelDefinition {
  readonly library: Library;
  readonly form: 'sequential' | 'functional' | 'subclass';
  /** The name of the variable or class that holds it; null where it has none. */
  readonly name: string | null;
  /** The expression or class that builds it. */
  readonly range: Range;
  /** In an order in which every step follows its inputs. */
  readonly steps: readonly Step[];
  /** Indices of the steps whose results leave the network; empty where they are not known. */
  readonly outputs: readonly number[];
  /** Whether every step is understood and certain to run exactly once. */
  readonly complete: boolean;
  /** Whether the network is only used as a part of another definition in this file. */
  readonly nested: boolean;
}

export interface Step {
  readonly operation: 'input' | 'layer' | 'activation' | 'merge' | 'pooling' | 'model' | 'unknown';
  /** For `layer`, and for an `activation` that is a layer of its own. */
  readonly layer: LayerUse | null;
  /** For `activation`: what is applied. */
  readonly activation: ActivationUse | null;
  /** Indices of earlier steps. */
  readonly inputs: readonly number[];
  readonly range: Range;
  /** False where the step stands in a branch or in a loop of unknown length. */
  readonly certain: boolean;
}

/** One constructor call of a layer. */
export interface LayerUse {
  readonly library: Library;
  /** Keras's class name, whatever the library (`Dense` for `nn.Linear`). */
  readonly kind: string;
  readonly role: LayerRole;
  /** The call. */
  readonly range: Range;
  /** What is called: `tf.layers.dense`. */
  readonly callee: Range;
  /** The argument list with its parentheses. */
  readonly list: Range;
  /** The name that the layer has in a saved model: `name=` in Keras and tfjs, the attribute in PyTorch. */
  readonly name: string | null;
  readonly units: number | null;
  /** Number of input features (channels for convolutions) where the call itself says so. */
  readonly inputFeatures: number | null;
  /** Product of the kernel's spatial extents; 1 for dense layers, null where unknown. */
  readonly kernelArea: number | null;
  /** What the layer applies to its sum; null for layers that take no activation. */
  readonly activation: ActivationUse | null;
  readonly kernelInitializer: InitializerUse | null;
  readonly biasInitializer: InitializerUse | null;
  /** By their names in Keras (`kernel_initializer`). */
  readonly arguments: ReadonlyMap<string, ArgumentUse>;
  /** Whether all arguments are visible: no `**kwargs`, no spread. */
  readonly complete: boolean;
}

export interface ArgumentUse {
  /** As written; null for a positional argument. */
  readonly keyword: string | null;
  readonly expression: Expression;
  /** `keyword=value`. */
  readonly range: Range;
  readonly text: string | null;
  readonly number: number | null;
}

export interface ActivationUse {
  /** Canonical name; null where it is not resolved. */
  readonly name: string | null;
  /** Slope or scale where given. */
  readonly alpha: number | null;
  /** How it is written; `default` where the layer applies its default. */
  readonly form: 'string' | 'function' | 'layer' | 'other' | 'default';
  /** Where it is written; the layer's callee for a default. */
  readonly range: Range;
}

export interface InitializerUse {
  /** Canonical name; null where it is not resolved. */
  readonly name: string | null;
  readonly range: Range;
  /** Nominal standard deviation where the initialiser fixes one whatever the fans; null else. */
  readonly standardDeviation: number | null;
  /** The value of a constant initialiser. */
  readonly constant: number | null;
}

export interface OptimizerUse {
  /** Canonical name; null where it is not resolved. */
  readonly name: string | null;
  readonly library: Library;
  readonly range: Range;
  readonly learningRate: { readonly value: number; readonly range: Range } | null;
  /** Whether it limits the size of gradients. */
  readonly clips: boolean;
  /** What it trains. */
  readonly model: ModelDefinition | null;
}

export interface LossUse {
  /** Canonical name; null where it is not resolved. */
  readonly name: string | null;
  readonly library: Library;
  /** Where the loss is chosen: its string, constructor or function. */
  readonly range: Range;
  readonly form: 'string' | 'call' | 'function';
  /** What the loss takes, options considered; null where they are not resolved. */
  readonly takes: 'probabilities' | 'logits' | 'log-probabilities' | 'values' | null;
  readonly fromLogits: ArgumentUse | null;
  /** The network whose output it is given, and the step of `model.steps` that is that output. */
  readonly model: ModelDefinition | null;
  readonly output: Step | null;
}

export interface FitUse {
  readonly model: ModelDefinition | null;
  readonly range: Range;
  /** Where byte images were loaded that reach `fit` unscaled; null where that is not so or not known. */
  readonly byteImages: { readonly range: Range; readonly argument: Range } | null;
}

export type MentionKind = 'activation' | 'initializer' | 'optimizer' | 'learning-rate' | 'layer' | 'loss';

/** A place in the text that names something a hover tip can explain. */
export interface Mention extends Range {
  readonly kind: MentionKind;
  readonly library: Library;
  /** Canonical name; for a learning rate the name of its optimiser, empty if unknown. */
  readonly name: string;
  /** The learning rate, where it is a number in the file. */
  readonly value: number | null;
}
