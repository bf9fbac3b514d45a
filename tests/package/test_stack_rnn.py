"""`nets.stack_rnn` against the published equations as loops, Python's lists, and torch's gradcheck."""

import numpy as np
import pytest
import torch

from unrolled import tasks
from unrolled.nets.stack_rnn import EMPTY, POP, PUSH, STAY, Plain, StackRNN, State, shifted
from unrolled.nets.training import drawn, train
from unrolled.recorded.experiments import stack_counting

FORMS = [
    {"stacks": 3, "looks": 2, "recurrent": True},
    {"stacks": 1, "looks": 1},
    {"stacks": 2, "looks": 3},
]


def built(form, seed=1, **options):
    net = drawn(lambda: StackRNN(3, 2, hidden=5, **form, **options), seed).double()
    return net, torch.randn(6, 4, 3, generator=torch.Generator().manual_seed(2)).double()


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def loops(net, x):
    """Logits, actions and stacks of the equations, sequence by sequence and number by number."""
    p = {name: value.detach().numpy() for name, value in net.named_parameters()}
    T, B, _ = x.shape
    S, looks = net.stacks, net.looks
    o, actions, held = np.zeros((T, B, 2)), np.zeros((T, B, S, 3)), np.zeros((T, B, S, T + looks))
    for b in range(B):
        h = np.zeros(net.hidden)
        stacks = [[EMPTY] * (T + looks) for _ in range(S)]
        for t in range(T):
            tops = [number for stack in stacks for number in stack[:looks]]
            read = np.concatenate([x[t, b], tops, h if net.recurrent else []])
            h = sigmoid(p["reads.weight"] @ read + p["reads.bias"])
            given = p["acts.weight"] @ h + p["acts.bias"]
            for s in range(S):
                push, stay, pop = np.exp(given[4 * s : 4 * s + 3])
                push, stay, pop = np.array([push, stay, pop]) / (push + stay + pop)
                old = [sigmoid(given[4 * s + 3]), *stacks[s], EMPTY]
                stacks[s] = [
                    push * old[i] + stay * old[i + 1] + pop * old[i + 2]
                    for i in range(len(stacks[s]))
                ]
                actions[t, b, s], held[t, b, s] = (push, stay, pop), stacks[s]
            o[t, b] = p["readout.weight"] @ h + p["readout.bias"]
    return o, actions, held


@pytest.mark.parametrize("form", FORMS)
def test_values_equal_the_equations_as_loops(form):
    net, x = built(form)
    o, seen = net.watch(x)
    exact = loops(net, x.numpy())
    for ours, loop in zip((o, seen["actions"], seen["stacks"]), exact, strict=True):
        np.testing.assert_allclose(ours.numpy(), loop, rtol=0, atol=1e-12)
    assert torch.equal(net(x)[0], o)


@pytest.mark.parametrize("form", FORMS)
def test_gradients_equal_differences(form):
    net, x = built(form)
    before = State(torch.randn(2, 5).double(), torch.rand(2, form["stacks"], 4).double())
    inputs = [x[:3, :2].clone(), *before, *net.parameters()]
    names = [name for name, _ in net.named_parameters()]

    def run(x, h, stacks, *parameters):
        values = dict(zip(names, parameters))
        o, state = torch.func.functional_call(net, values, (x, State(h, stacks)))
        return o, *state

    assert torch.autograd.gradcheck(run, [leaf.requires_grad_() for leaf in map(copied, inputs)])


def copied(leaf):
    return leaf.detach().clone()


@pytest.mark.parametrize("form", FORMS)
def test_a_sequence_in_pieces_is_the_whole(form):
    net, x = built(form)
    whole, after = net(x)
    first, state = net(x[:2])
    second, state = net(x[2:3], state)
    third, state = net(x[3:], state)
    assert torch.allclose(torch.cat([first, second, third]), whole, rtol=0, atol=1e-14)
    assert torch.allclose(state.h, after.h) and torch.allclose(
        state.stacks, after.stacks, rtol=0, atol=1e-14
    )


def test_whole_actions_are_those_of_a_list():
    generator = torch.Generator().manual_seed(0)
    B, S = 3, 2
    stacks = torch.full((B, S, 12), EMPTY)
    held = [[[] for _ in range(S)] for _ in range(B)]
    for _ in range(12):
        choice = torch.randint(3, (B, S), generator=generator)
        pushed = torch.rand(B, S, generator=generator)
        stacks = shifted(stacks, torch.nn.functional.one_hot(choice, 3).float(), pushed)
        for b in range(B):
            for s in range(S):
                stack, action = held[b][s], choice[b, s]
                if action == PUSH:
                    stack.insert(0, pushed[b, s].item())
                elif action == POP and stack:
                    stack.pop(0)
                else:
                    assert action in (STAY, POP)
                assert stacks[b, s].tolist() == stack + [EMPTY] * (12 - len(stack))


def test_crisp_takes_the_action_with_most_weight():
    net, x = built({"stacks": 3, "looks": 2})
    _, soft = net.watch(x[:1])
    net.crisp = True
    _, whole = net.watch(x[:1])
    assert set(whole["actions"].unique().tolist()) == {0.0, 1.0}
    assert torch.equal(whole["actions"].argmax(-1), soft["actions"].argmax(-1))


def test_noise_is_for_training_alone_and_comes_from_the_seed():
    form = {"stacks": 2, "looks": 1}
    net, x = built(form, noise=1.0)
    again, _ = built(form, noise=1.0)
    silent, _ = built(form)
    state = torch.get_rng_state()
    first, second = net(x)[0], net(x)[0]
    assert not torch.equal(first, second)
    assert torch.equal(again(x)[0], first) and torch.equal(again(x)[0], second)
    assert torch.equal(net.eval()(x)[0], silent(x)[0])
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_plain_network_has_the_same_call(cell):
    net = drawn(lambda: Plain(3, 2, hidden=5, cell=cell), 1)
    x = torch.randn(6, 4, 3, generator=torch.Generator().manual_seed(2))
    whole, _ = net(x)
    first, state = net(x[:2], net.initial_state(4))
    assert whole.shape == (6, 4, 2)
    assert torch.allclose(torch.cat([first, net(x[2:], state)[0]]), whole, atol=1e-6)


def test_what_is_measured_of_a_network_that_counts_to_seven():
    class Counts(torch.nn.Module):
        """Says what equal runs demand to n = 7, and again for n = 9."""

        def forward(self, x):
            n = x[..., 1].sum(dim=0)
            _, y, _ = tasks.counting.runs_of(n.int().numpy())
            o = torch.nn.functional.one_hot(torch.as_tensor(y), 3).float()
            o[:, (n > 7) & (n != 9)] = torch.tensor([0.0, 1.0, 0.0])
            return o, None

    net = Counts()
    assert stack_counting.right(net, np.arange(1, 11), 2).tolist() == [True] * 7 + [
        False,
        True,
        False,
    ]
    config = {"letters": 2, "most": 8, "measured": 10}
    assert stack_counting.measure(net, config) == {"reach": 7, "beyond": 0.5}


def test_stacks_learn_to_count_a_little():
    """a^n b^n to n = 3 in a few steps: the loss falls far below that of who does not count."""
    rng = np.random.default_rng(0)
    net = drawn(lambda: StackRNN(3, 3, hidden=20, stacks=4), 1)

    def loss(k):
        x, y, counted = tasks.equal_runs(rng, 16, 3, dtype=np.float32)
        o, _ = net(torch.as_tensor(x))
        return torch.nn.functional.cross_entropy(o[counted], torch.as_tensor(y[counted]))

    losses = train(net, loss, 200, lr=0.05)
    assert losses[-10:].mean() < 0.25 * losses[:10].mean()


@pytest.mark.parametrize("options", [{"stacks": 0}, {"looks": 0}])
def test_a_network_without_stacks_is_refused(options):
    with pytest.raises(ValueError, match="expected at least 1"):
        StackRNN(2, 2, **options)
