"""The tape against central differences, torch, and `scratch.rnn`."""

import numpy as np
import pytest
import torch

from unrolled.scratch import gradcheck, losses, readout, rnn, tape

RNG = np.random.default_rng(8)


def draw(*shape):
    return RNG.standard_normal(shape)


OPERATIONS = {
    "matrix times vector": (
        lambda A, v: tape.sum(tape.mul(tape.matmul(A, v), [1.0, -2.0, 0.5])),
        (draw(3, 4), draw(4)),
    ),
    "matrix times matrix": (
        lambda A, v: tape.sum(tape.tanh(tape.matmul(A, v))),
        (draw(3, 4), draw(4, 2)),
    ),
    "add": (lambda a, b: tape.sum(tape.tanh(tape.add(a, b))), (draw(3, 2), draw(3, 2))),
    "add, broadcast": (lambda a, b: tape.sum(tape.tanh(tape.add(a, b))), (draw(3, 2), draw(2))),
    "add, broadcast along a kept axis": (
        lambda a, b: tape.sum(tape.tanh(tape.add(a, b))),
        (draw(3, 1), draw(4, 1, 2)),
    ),
    "mul": (lambda a, b: tape.sum(tape.tanh(tape.mul(a, b))), (draw(3), draw(3))),
    "mul by a scalar": (lambda a, b: tape.sum(tape.tanh(tape.mul(a, b))), (draw(3), draw())),
    "one node used twice": (lambda a: tape.sum(tape.mul(a, tape.tanh(a))), (draw(3),)),
    "log_softmax": (
        lambda o: tape.sum(tape.mul(tape.log_softmax(o), [1.0, 2.0, -1.0])),
        (draw(3),),
    ),
    "pick": (lambda v: tape.tanh(tape.pick(tape.mul(v, v), 2)), (draw(4),)),
    "pick a row": (lambda v: tape.sum(tape.tanh(tape.pick(v, 1))), (draw(2, 3),)),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_against_central_differences(name):
    build, values = OPERATIONS[name]
    leaves = [tape.Var(value) for value in values]
    tape.backward(build(*leaves))
    loss_of = lambda values: float(build(*map(tape.Var, values)).value)
    assert gradcheck.check(loss_of, values, tuple(leaf.grad for leaf in leaves)) < 1e-8


def unrolled_loss(params, out, x, y, h0):
    """The loss of one sequence, node by node: x (T, D), y (T,), h0 (H,)."""
    U, W, b, V, c = (tape.Var(p, name=n) for n, p in zip("UWbVc", (*params, *out), strict=True))
    h = start = tape.Var(h0, name="h_0")
    loss, states = tape.Var(0.0, name="0"), []
    for t, (x_t, y_t) in enumerate(zip(x, y, strict=True), start=1):
        inputs = tape.matmul(U, tape.Var(x_t, name=f"x_{t}"), f"U x_{t}")
        a = tape.add(b, tape.add(tape.matmul(W, h, f"W h_{t - 1}"), inputs), f"a_{t}")
        h = tape.tanh(a, f"h_{t}")
        o = tape.add(c, tape.matmul(V, h), f"o_{t}")
        L_t = tape.mul(-1.0, tape.pick(tape.log_softmax(o), y_t), f"L_{t}")
        loss = tape.add(loss, L_t, f"L_1..{t}")
        states.append(h)
    return loss, (U, W, b, V, c, start), states


def test_the_tape_and_the_layer_agree_on_backpropagation_through_time():
    T, D, H, K = 6, 3, 4, 5
    params, out = rnn.init(RNG, D, H), readout.init(RNG, H, K)
    x, y, h0 = draw(T, D), RNG.integers(K, size=T), draw(H)
    loss, nodes, states = unrolled_loss(params, out, x, y, h0)
    tape.backward(loss)

    h, cache = rnn.forward(params, x[:, None], rnn.State(h0[None]))
    o, out_cache = readout.forward(out, h)
    ours, do = losses.cross_entropy(o, y[:, None], reduction="sum")
    dout, dh = readout.backward(out, out_cache, do)
    grads, _, dstate0 = rnn.backward(params, cache, dh)
    assert abs(ours - loss.value) < 1e-12
    for node, exact in zip(nodes, (*grads, *dout, dstate0.h[0]), strict=True):
        np.testing.assert_allclose(node.grad, exact, rtol=0, atol=1e-12, err_msg=node.name)
    np.testing.assert_allclose(states[-1].grad, dh[-1, 0], rtol=0, atol=1e-12)
    assert (
        np.abs(states[0].grad - dh[0, 0]).max() > 1e-3
    )  # total and immediate derivative differ before the end

    theirs = [torch.tensor(p, requires_grad=True) for p in (*params, *out, h0)]
    U, W, b, V, c, h_t = theirs
    total = 0
    for x_t, y_t in zip(torch.tensor(x), y, strict=True):
        h_t = torch.tanh(b + W @ h_t + U @ x_t)
        total = total - torch.log_softmax(c + V @ h_t, 0)[y_t]
    total.backward()
    for node, leaf in zip(nodes, theirs, strict=True):
        np.testing.assert_allclose(
            node.grad, leaf.grad.numpy(), rtol=0, atol=1e-12, err_msg=node.name
        )


def test_the_order_is_reverse_topological_and_visits_every_node_once():
    loss, nodes, _ = unrolled_loss(
        rnn.init(RNG, 2, 3), readout.init(RNG, 3, 2), draw(4, 2), [0, 1, 1, 0], draw(3)
    )
    order = tape.backward(loss)
    position = {node: index for index, node in enumerate(order)}
    assert len(position) == len(order) and order[0] is loss
    for node in order:
        assert all(position[parent] > position[node] for parent, _ in node.parents)
    assert set(nodes) <= set(order)
    steps = [node.name for node in order if node.name.startswith(("h_", "L_1.."))]
    expected = [name for t in (4, 3, 2, 1) for name in (f"L_1..{t}", f"h_{t}")]
    assert steps == [*expected, "h_0"]


def test_backward_twice_gives_the_same_gradients():
    a = tape.Var(draw(3))
    loss = tape.sum(tape.mul(a, a))
    tape.backward(loss)
    first = a.grad.copy()
    tape.backward(loss)
    np.testing.assert_array_equal(a.grad, first)
    np.testing.assert_allclose(first, 2 * a.value)


def test_long_graphs_do_not_overflow_the_stack():
    node = start = tape.Var(1.0)
    for _ in range(5000):
        node = tape.mul(node, 0.999)
    tape.backward(node)
    assert start.grad == pytest.approx(0.999**5000)


def test_only_scalars_have_a_backward():
    with pytest.raises(ValueError, match=r"loss has shape \(3,\), expected a scalar"):
        tape.backward(tape.Var(draw(3)))
