"""`nets.neural_gpu` against loops over its equations, and the sums it learns."""

import numpy as np
import pytest
import torch

from unrolled import tasks
from unrolled.nets.neural_gpu import CGRU, NeuralGPU, cut
from unrolled.nets.training import drawn

EXACT = 1e-10
array = lambda x: x.detach().numpy()


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def convolved(kernel, bias, s):
    """kernel (out, in, rows, places) over one picture s (in, rows, T), by loops; outside the picture there are zeros."""
    out, _, height, width = kernel.shape
    _, rows, T = s.shape
    result = np.zeros((out, rows, T))
    for i in range(rows):
        for k in range(T):
            result[:, i, k] = bias
            for di in range(height):
                for dk in range(width):
                    row, place = i + di - height // 2, k + dk - width // 2
                    if 0 <= row < rows and 0 <= place < T:
                        result[:, i, k] += kernel[:, :, di, dk] @ s[:, row, place]
    return result


def literal(cgru, s, hard):
    """The next picture of one picture s (m, rows, T) by the equations."""
    get = {name: array(value) for name, value in cgru.named_parameters()}
    g = sigmoid(convolved(get["gates.weight"], get["gates.bias"], s))
    if hard:
        g = np.minimum(1, np.maximum(0, 1.2 * g - 0.1))
    u, r = np.split(g, 2)
    new = np.tanh(convolved(get["candidate.weight"], get["candidate.bias"], r * s))
    return u * s + (1 - u) * new


@pytest.mark.parametrize("hard", [True, False])
@pytest.mark.parametrize(
    "rows, T, reach", [(1, 5, 1), (3, 4, 1), (2, 1, 1), (1, 1, 1), (4, 6, 2), (1, 3, 2)]
)
def test_a_step_is_the_equations_in_loops(rows, T, reach, hard):
    cgru = drawn(lambda: CGRU(3, rows=rows, reach=reach, hard=hard), 1).double()
    with torch.no_grad():
        for p in cgru.parameters():
            p.mul_(4)  # so that some gates are cut
    s = np.random.default_rng(2).standard_normal((2, 3, rows, T))
    found = array(cgru(torch.tensor(s)))
    wanted = np.stack([literal(cgru, each, hard) for each in s])
    assert np.abs(found - wanted).max() < EXACT


@pytest.mark.parametrize("rows", [1, 2])
def test_gradients_are_central_differences(rows):
    cgru = drawn(lambda: CGRU(2, rows=rows), 3).double()
    names, values = zip(*cgru.named_parameters())
    step = lambda s, *p: torch.func.functional_call(cgru, dict(zip(names, p)), s)
    s = torch.tensor(np.random.default_rng(4).standard_normal((2, 2, rows, 3)), requires_grad=True)
    assert torch.autograd.gradcheck(step, (s, *values))


def test_cut_gates_reach_0_and_1():
    g = torch.tensor([0.0, 1 / 12, 0.5, 11 / 12, 1.0])
    assert torch.allclose(cut(g), torch.tensor([0.0, 0.0, 0.5, 1.0, 1.0]), atol=1e-7)


@pytest.mark.parametrize("hard, kept", [(True, True), (False, False)])
def test_only_cut_gates_keep_a_picture_for_ever(hard, kept):
    cgru = drawn(lambda: CGRU(3, hard=hard), 5).double()
    torch.nn.init.constant_(cgru.gates.bias, 5.0)  # a sigmoid of 0.993
    torch.nn.init.zeros_(cgru.gates.weight)
    first = s = torch.randn(
        1, 3, 1, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(6)
    )
    for _ in range(500):
        s = cgru(s)
    assert torch.equal(s, first) == kept
    assert (s - first).abs().max() < EXACT or not kept


def test_the_input_lies_in_row_0_and_the_answer_is_read_there():
    net = drawn(lambda: NeuralGPU(4, 2, 5, rows=3), 7)
    x = np.array([[0, 3], [1, 2], [3, 0]])
    s = net.initial_state(x)
    assert s.shape == (2, 5, 3, 3) and (s[:, :, 1:] == 0).all()
    assert torch.equal(s[1, :, 0, 2], net.embed.weight[0])
    o, _ = net(x, steps=0)
    assert torch.allclose(o[2, 1], net.out(net.embed.weight[0]))


def test_steps_are_as_many_as_places_and_can_go_on():
    net = drawn(lambda: NeuralGPU(4, 2, 5, layers=2), 8).double()
    x, _ = tasks.binary_sums(np.random.default_rng(9), 4, 3)
    o, s = net(x)
    pictures = net.watch(x)
    assert len(pictures) == 6 and torch.allclose(pictures[-1], s, atol=EXACT)
    half = net(x, steps=2)[1]
    assert torch.allclose(net(x, half, steps=3)[0], o, atol=EXACT)
    assert torch.allclose(net(x, steps=10)[1], net(x, s)[1], atol=EXACT)


def test_a_place_feels_two_places_to_each_side_in_a_step():  # r . s at a neighbour has read its own neighbours
    net = drawn(lambda: NeuralGPU(4, 2, 5), 10).double()
    x = np.zeros((13, 1), int)
    other = x.copy()
    other[6] = 3
    for steps in range(1, 4):
        moved = (net(x, steps=steps)[1] - net(other, steps=steps)[1]).abs().sum(dim=(0, 1, 2)) > 0
        assert moved.tolist() == [abs(k - 6) <= 2 * steps for k in range(13)]


def test_dropout_is_for_training_alone():
    net = drawn(lambda: NeuralGPU(4, 2, 5, dropout=0.5), 11)
    x, _ = tasks.binary_sums(np.random.default_rng(12), 4, 3)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        assert not torch.equal(net(x)[0], net(x)[0])
    net.eval()
    assert torch.equal(net(x)[0], net(x)[0])


@pytest.mark.parametrize("bits", [1, 2, 7])
@pytest.mark.parametrize("carries", [False, True])
def test_sums_are_those_of_integers(bits, carries):
    x, y = tasks.binary_sums(np.random.default_rng(13), bits, 40, carries=carries)
    weights = 2 ** np.arange(bits + 1)
    a, b = weights @ (x % 2), weights @ (x // 2)
    assert (a + b == weights @ y).all() and x.shape == y.shape == (bits + 1, 40)
    assert (x[-1] == 0).all()
    if carries:
        assert (a + b == 2**bits).all()
        assert set(a) == {1, 2**bits - 1}
    else:
        assert len(set(a)) > 1


def test_a_sum_needs_a_bit():
    with pytest.raises(ValueError, match="bits is 0"):
        tasks.binary_sums(np.random.default_rng(0), 0, 1)
