"""PyTorch doing the job of the diagnosis: weights and probe from disk, forward with hooks, statistics per unit,
histograms of 32 bins, backward, norms of gradients.

    torch_probe.py FOLDER          the whole once; writes JSON to standard output
    torch_probe.py FOLDER serve    answers lines `bare` and `probe` with {"milliseconds": ...}

FOLDER holds model.json, weights.bin and probe.npy as test/benchmark/speed/networks.ts writes them. Shapes are the
same as there; where TensorFlow pads one side more, the padding is symmetric as PyTorch's own is, which costs the same.
"""

import json
import os
import resource
import sys
import time

import numpy
import torch
from torch import nn

ACTIVATIONS = {'relu': nn.ReLU, 'sigmoid': nn.Sigmoid, 'softmax': None, 'linear': None}


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)

    def forward(self, x, _):
        return self.attention(x, x, x, need_weights=False)[0]


class LastStep(nn.Module):
    """An LSTM's last output. Nothing within nn.LSTM can be hooked: the arguments of its tanh are seen in steps written out."""

    def __init__(self, features, units):
        super().__init__()
        self.lstm = nn.LSTM(features, units, batch_first=True)
        self.seen = None

    def forward(self, x):
        return self.lstm(x)[0][:, -1] if self.seen is None else self.steps(x)

    def steps(self, x):
        lstm = self.lstm
        h = c = x.new_zeros(len(x), lstm.hidden_size)
        projected = nn.functional.linear(x, lstm.weight_ih_l0, lstm.bias_ih_l0 + lstm.bias_hh_l0)
        recurrent = lstm.weight_hh_l0.T
        for at_step in projected.unbind(1):
            i, f, candidate, o = torch.addmm(at_step, h, recurrent).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(candidate)
            h = torch.sigmoid(o) * torch.tanh(c)
            self.seen += [candidate, c]
        return h


class Sum(nn.Module):
    def forward(self, a, b):
        return a + b


class Mean(nn.Module):
    def __init__(self, axes):
        super().__init__()
        self.axes = axes

    def forward(self, x):
        return x.mean(self.axes)


def parameter(array):
    return nn.Parameter(torch.from_numpy(numpy.ascontiguousarray(array)))


def build(kind, config, take):
    """The module of a layer; `take()` hands out its next saved weight."""
    if kind == 'Dense':
        kernel, bias = take(), take()
        module = nn.Linear(kernel.shape[0], kernel.shape[1])
        module.weight, module.bias = parameter(kernel.T), parameter(bias)
        return module
    if kind in ('Conv2D', 'DepthwiseConv2D'):
        kernel = take()
        depthwise = kind == 'DepthwiseConv2D'
        size, channels = kernel.shape[0], kernel.shape[2]
        filters = channels if depthwise else kernel.shape[3]
        padding = size // 2 if config['padding'] == 'same' else 0
        bias = config.get('use_bias', True)
        groups = channels if depthwise else 1
        module = nn.Conv2d(channels, filters, size, config['strides'][0], padding, groups=groups, bias=bias)
        module.weight = parameter(kernel.transpose((2, 3, 0, 1) if depthwise else (3, 2, 0, 1)))
        if bias:
            module.bias = parameter(take())
        return module
    if kind == 'BatchNormalization':
        arrays = [take() for _ in range(4)]
        module = nn.BatchNorm2d(len(arrays[0]), eps=config['epsilon'])
        module.weight, module.bias = parameter(arrays[0]), parameter(arrays[1])
        module.running_mean, module.running_var = torch.from_numpy(arrays[2]), torch.from_numpy(arrays[3])
        return module
    if kind == 'LayerNormalization':
        scale, offset = take(), take()
        module = nn.LayerNorm(len(scale), eps=config['epsilon'])
        module.weight, module.bias = parameter(scale), parameter(offset)
        return module
    if kind == 'LSTM':
        kernel, recurrent, bias = take(), take(), take()
        module = LastStep(kernel.shape[0], recurrent.shape[0])
        module.lstm.weight_ih_l0, module.lstm.weight_hh_l0 = parameter(kernel.T), parameter(recurrent.T)
        module.lstm.bias_ih_l0, module.lstm.bias_hh_l0 = parameter(bias), parameter(numpy.zeros_like(bias))
        return module
    if kind == 'MultiHeadAttention':
        arrays = [take() for _ in range(8)]
        width = arrays[0].shape[0]
        module = Attention(width, config['num_heads'])
        kernels = [arrays[i].reshape(width, width).T for i in (0, 2, 4)]
        module.attention.in_proj_weight = parameter(numpy.concatenate(kernels))
        module.attention.in_proj_bias = parameter(numpy.concatenate([arrays[i].reshape(-1) for i in (1, 3, 5)]))
        module.attention.out_proj.weight = parameter(arrays[6].reshape(width, width).T)
        module.attention.out_proj.bias = parameter(arrays[7])
        return module
    if kind == 'ReLU':
        return nn.ReLU6()
    if kind == 'MaxPooling2D':
        return nn.MaxPool2d(2)
    if kind == 'Flatten':
        return nn.Flatten()
    if kind == 'Add':
        return Sum()
    if kind == 'GlobalAveragePooling2D':
        return Mean((2, 3))
    if kind == 'GlobalAveragePooling1D':
        return Mean(1)
    raise ValueError(kind)


class Network(nn.Module):
    """The layers of model.json, each followed by its activation; the last softmax is left out."""

    def __init__(self, folder):
        super().__init__()
        with open(os.path.join(folder, 'model.json')) as file:
            description = json.load(file)
        values = numpy.fromfile(os.path.join(folder, 'weights.bin'), dtype=numpy.float32)
        arrays = []
        offset = 0
        for weight in description['weightsManifest'][0]['weights']:
            size = int(numpy.prod(weight['shape']))
            arrays.append(values[offset:offset + size].reshape(weight['shape']))
            offset += size
        remaining = iter(arrays)
        self.steps = []
        self.parts = nn.ModuleDict()
        for layer in description['modelTopology']['model_config']['config']['layers']:
            name, config = layer['name'], layer['config']
            if layer['class_name'] == 'InputLayer':
                self.input = name
                continue
            inputs = [node[0] for node in layer['inbound_nodes'][0]]
            self.parts[name] = build(layer['class_name'], config, lambda: next(remaining))
            kind = ACTIVATIONS.get(config.get('activation', 'linear')) if 'LSTM' != layer['class_name'] else None
            if kind is not None:
                self.parts[name + '_activation'] = kind()
            self.steps.append((name, inputs, kind is not None))

    def forward(self, x):
        tensors = {self.input: x}
        for name, inputs, activated in self.steps:
            x = self.parts[name](*[tensors[i] for i in inputs])
            tensors[name] = self.parts[name + '_activation'](x) if activated else x
        return x


def describe(output, units_axis):
    """What the diagnosis takes of one tensor: five statistics per unit and a histogram."""
    x = output.detach()
    axes = [axis for axis in range(x.dim()) if axis != units_axis]
    return {
        'mean': x.mean(axes),
        'std': x.std(axes, unbiased=False),
        'silent': (x <= 0).float().mean(axes),
        'minimum': x.amin(axes),
        'maximum': x.amax(axes),
        'histogram': torch.histc(x, 32),
    }


def peak_kilobytes():
    """Linux hands ru_maxrss on from the process that started this one; its high-water mark is the program's own."""
    try:
        with open('/proc/self/status') as status:
            return next(int(line.split()[1]) for line in status if line.startswith('VmHWM:'))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main():
    folder = sys.argv[1]
    torch.set_num_threads(1)
    network = Network(folder).eval()
    probe = torch.from_numpy(numpy.load(os.path.join(folder, 'probe.npy')))
    if probe.dim() == 4:
        probe = probe.permute(0, 3, 1, 2).contiguous()
    cotangent = None

    def step(hooked):
        nonlocal cotangent
        network.zero_grad(set_to_none=True)
        logits = network(probe)
        if cotangent is None:
            cotangent = torch.randn(logits.shape, generator=torch.Generator().manual_seed(0))
        (logits * cotangent).sum().backward()
        if not hooked:
            return None
        return {name: weight.grad.norm() for name, weight in network.named_parameters()}

    record = {}

    def hook(name):
        def forward_hook(_module, _inputs, output):
            record[name] = describe(output, 1 if output.dim() == 4 else output.dim() - 1)
            output.register_hook(lambda gradient: record[name].__setitem__('gradient', gradient.norm()))

        return forward_hook

    def arguments_hook(name):
        """Describes the arguments within a recurrent layer, those of all steps at once, and their gradients."""

        def forward_hook(module, _inputs, _output):
            seen, gradients = module.seen, []
            record[name + '_arguments'] = arguments = describe(torch.stack(seen), 2)

            def gradient_hook(gradient):
                gradients.append(gradient)
                if len(gradients) == len(seen):
                    arguments['gradient'] = torch.stack(gradients).norm()

            for z in seen:
                z.register_hook(gradient_hook)

        return forward_hook

    def probe_once():
        handles = []
        for name, module in network.parts.items():
            handles.append(module.register_forward_hook(hook(name)))
            if isinstance(module, LastStep):
                module.seen = []
                handles.append(module.register_forward_hook(arguments_hook(name)))
        try:
            return step(True)
        finally:
            for handle in handles:
                handle.remove()
            for module in network.parts.values():
                if isinstance(module, LastStep):
                    module.seen = None

    if sys.argv[2:] == ['serve']:
        print(json.dumps({'ready': True}), flush=True)
        for line in sys.stdin:
            start = time.perf_counter()
            if line.strip() == 'bare':
                step(False)
            else:
                probe_once()
            print(json.dumps({'milliseconds': (time.perf_counter() - start) * 1000}), flush=True)
        return
    weights = probe_once()
    layers = {name: {key: value.tolist() for key, value in values.items()} for name, values in record.items()}
    report = {'layers': layers, 'weights': {name: value.item() for name, value in weights.items()}}
    report['peakKilobytes'] = peak_kilobytes()
    json.dump(report, sys.stdout)


main()
