"""Who runs in the benchmark of the layers: each function prepares a training step and returns it.

A step is the forward pass and the backward pass with the gradient of the input. All of them compute the same thing from
the same torch module, inputs x (T, B, D) and gradients dh (T, B, H), and return dx; the bare products return nothing.
"""

import warnings

import numpy as np
import torch

from unrolled.scratch import gru, lstm, rnn

warnings.filterwarnings("ignore", message="TF32 acceleration")  # of torch, when oneDNN is switched

LAYERS = {"rnn": rnn, "lstm": lstm, "gru": gru}
MODULES = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
CELLS = {"rnn": torch.nn.RNNCell, "lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell}
BLOCKS = {"rnn": 1, "lstm": 4, "gru": 3}


def problem(name, shape, dtype):
    """A torch module of that layer, inputs x and upstream gradients dh, at the shape (T, B, D, H)."""
    T, B, D, H = shape
    rng = np.random.default_rng(0)
    x, dh = (rng.standard_normal((T, B, n)).astype(dtype) for n in (D, H))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = MODULES[name](D, H, dtype=torch.from_numpy(x).dtype)
    return module, x, dh


def scratch(name, module, x, dh):
    """The layer of `unrolled.scratch`, with a workspace."""
    layer = LAYERS[name]
    params, workspace = layer.from_torch(module), layer.Workspace()

    def step():
        _, cache = layer.forward(params, x, workspace=workspace)
        _, dx, _ = layer.backward(params, cache, dh)
        return dx

    return step


def torch_layer(name, module, x, dh):
    """torch's own layer."""
    x, dh = torch.from_numpy(x).clone().requires_grad_(), torch.from_numpy(dh)

    def step():
        module.zero_grad()
        x.grad = None
        h, _ = module(x)
        h.backward(dh)
        return x.grad.numpy()

    return step


def torch_without_onednn(name, module, x, dh):
    """torch's own layer, with oneDNN switched off."""
    layer_step = torch_layer(name, module, x, dh)

    def step():
        with torch.backends.mkldnn.flags(enabled=False):
            return layer_step()

    return step


def torch_cells(name, module, x, dh):
    """A loop of torch's cells, with autograd through it."""
    _, B, D = x.shape
    x, dh = torch.from_numpy(x).clone().requires_grad_(), torch.from_numpy(dh)
    cell = CELLS[name](D, dh.shape[2], dtype=dh.dtype)
    cell.load_state_dict({key.removesuffix("_l0"): w for key, w in module.state_dict().items()})

    def step():
        cell.zero_grad()
        x.grad = None
        h = torch.zeros(B, dh.shape[2], dtype=dh.dtype)
        state, hs = (h, h) if name == "lstm" else h, []
        for x_t in x:
            state = cell(x_t, state)
            hs.append(state[0] if name == "lstm" else state)
        torch.stack(hs).backward(dh)
        return x.grad.numpy()

    return step


def products(name, module, x, dh):
    """The matrix products of such a step and nothing else, into arrays that are kept."""
    T, B, D = x.shape
    H, blocks = dh.shape[2], BLOCKS[name]
    ones = lambda *shape: np.ones(shape, x.dtype)
    rows, columns = blocks * H, H + 1 + D
    weight, W, U = ones(rows, columns), ones(rows, H), ones(rows, D)
    read, a, h, all_read = ones(columns, B), ones(rows, B), ones(H, B), ones(columns, T * B)
    delta, dweight, dx = ones(rows, T * B), ones(rows, columns), ones(T * B, D)

    def step():
        for _ in range(T):
            np.dot(weight, read, a)  # forward
        for _ in range(T):
            np.dot(W.T, a, h)  # back to h
        np.dot(delta, all_read.T, dweight)
        np.dot(delta.T, U, dx)

    return step


# The layer as tutorials write it: one weight a gate, fresh arrays, the gradients of the weights summed at each step.


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class Gate:
    """One gate's weight for [h, x] and its gradient."""

    def __init__(self, W, U, b):
        self.weight, self.b = np.concatenate([W, U], axis=1), b

    def zero(self):
        self.dweight, self.db = np.zeros_like(self.weight), np.zeros_like(self.b)

    def __call__(self, hx):
        return hx @ self.weight.T + self.b

    def back(self, da, hx):
        """Sum up the gradients of the weights; returns that of [h, x]."""
        self.dweight += da.T @ hx
        self.db += da.sum(axis=0)
        return da @ self.weight


def gates_of(params, blocks):
    """A list of `Gate`, one for each block of the parameters."""
    return [
        Gate(*parts)
        for parts in zip(*(np.split(leaf, blocks) for leaf in (params.W, params.U, params.b)))
    ]


def naive_rnn(params, x, dh):
    T, B, _ = x.shape
    H = dh.shape[2]
    (gate,) = gates_of(params, 1)

    def step():
        gate.zero()
        h, seen = np.zeros((B, H), x.dtype), []
        for t in range(T):
            hx = np.concatenate([h, x[t]], axis=1)
            h = np.tanh(gate(hx))
            seen.append((hx, h))
        dx, carried = np.zeros_like(x), np.zeros((B, H), x.dtype)
        for t in reversed(range(T)):
            hx, h = seen[t]
            dhx = gate.back((dh[t] + carried) * (1 - h**2), hx)
            carried, dx[t] = dhx[:, :H], dhx[:, H:]
        return dx

    return step


def naive_lstm(params, x, dh):
    T, B, _ = x.shape
    H = dh.shape[2]
    gates = input_gate, forget_gate, candidate, output_gate = gates_of(params, 4)

    def step():
        for gate in gates:
            gate.zero()
        h, c, seen = np.zeros((B, H), x.dtype), np.zeros((B, H), x.dtype), []
        for t in range(T):
            hx = np.concatenate([h, x[t]], axis=1)
            i, f = sigmoid(input_gate(hx)), sigmoid(forget_gate(hx))
            g, o = np.tanh(candidate(hx)), sigmoid(output_gate(hx))
            c_prev, c = c, f * c + i * g
            h = o * np.tanh(c)
            seen.append((hx, i, f, g, o, c_prev, c))
        dx, carried, dc = np.zeros_like(x), np.zeros((B, H), x.dtype), np.zeros((B, H), x.dtype)
        for t in reversed(range(T)):
            hx, i, f, g, o, c_prev, c = seen[t]
            dh_t = dh[t] + carried
            dc = dc + dh_t * o * (1 - np.tanh(c) ** 2)
            dhx = output_gate.back(dh_t * np.tanh(c) * o * (1 - o), hx)
            dhx += input_gate.back(dc * g * i * (1 - i), hx)
            dhx += forget_gate.back(dc * c_prev * f * (1 - f), hx)
            dhx += candidate.back(dc * i * (1 - g**2), hx)
            dc = dc * f
            carried, dx[t] = dhx[:, :H], dhx[:, H:]
        return dx

    return step


def naive_gru(params, x, dh):
    T, B, D = x.shape
    H = dh.shape[2]
    reset, update, _ = gates_of(params, 3)
    W_n, U_n, b_n = params.W[2 * H :], params.U[2 * H :], params.b[2 * H :]
    from_h, from_x = Gate(W_n, W_n[:, :0], params.b_hn), Gate(U_n, U_n[:, :0], b_n)

    def step():
        for gate in (reset, update, from_h, from_x):
            gate.zero()
        h, seen = np.zeros((B, H), x.dtype), []
        for t in range(T):
            hx = np.concatenate([h, x[t]], axis=1)
            r, z = sigmoid(reset(hx)), sigmoid(update(hx))
            m = from_h(h)
            n = np.tanh(from_x(x[t]) + r * m)
            seen.append((hx, h, r, z, m, n))
            h = (1 - z) * h + z * n
        dx, carried = np.zeros_like(x), np.zeros((B, H), x.dtype)
        for t in reversed(range(T)):
            hx, h, r, z, m, n = seen[t]
            dh_t = dh[t] + carried
            dn = dh_t * z * (1 - n**2)
            dhx = update.back(dh_t * (n - h) * z * (1 - z), hx)
            dhx += reset.back(dn * m * r * (1 - r), hx)
            carried = dh_t * (1 - z) + from_h.back(dn * r, h) + dhx[:, :H]
            dx[t] = dhx[:, H:] + from_x.back(dn, x[t])
        return dx

    return step


NAIVE = {"rnn": naive_rnn, "lstm": naive_lstm, "gru": naive_gru}


def naive(name, module, x, dh):
    """The layer in NumPy as tutorials write it."""
    return NAIVE[name](LAYERS[name].from_torch(module), x, dh)


CONTESTANTS = {
    "scratch": scratch,
    "torch": torch_layer,
    "cells": torch_cells,
    "naive": naive,
    "products": products,
}
