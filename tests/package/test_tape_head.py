"""`scratch.tape_head` copies what the task shows, for the reason it gives; and what the drawing of its memory says."""

import itertools

import numpy as np
import pytest

from unrolled import tasks
from unrolled.plots.networks import architectures
from unrolled.scratch import addressing, nested, tape_head


def shown(L, B=2, bits=8, seed=0):
    return tasks.copy(np.random.default_rng(seed), L, B, bits)


def wrong(machine, x, y, counted):
    """The share of the counted bits that are wrong."""
    o, _ = tape_head.run(machine, x)
    return ((o > 0) != y)[counted].mean()


@pytest.mark.parametrize("L", [1, 2, 10, 30, 120, 127])
def test_it_copies_every_sequence_that_the_memory_can_hold_exactly(L):
    x, y, counted = shown(L)
    o, _ = tape_head.run(tape_head.copying_machine(), x)
    np.testing.assert_array_equal(o[counted], 2 * y[counted] - 1)
    assert not o[~counted].any()  # until it is asked it says nothing


@pytest.mark.parametrize(("bits", "L"), [(1, 1), (1, 4), (2, 2), (3, 1)])
def test_it_copies_all_sequences_there_are(bits, L):
    every = np.array(list(itertools.product((0, 1), repeat=bits * L)))
    y = every.reshape(-1, L, bits).swapaxes(0, 1)
    x = np.zeros((2 * L + 1, len(every), bits + 1))
    x[:L, :, :bits], x[L, :, bits] = 2 * y - 1, 1
    o, _ = tape_head.run(tape_head.copying_machine(bits, N=L + 1), x)
    np.testing.assert_array_equal(o[L + 1 :], 2 * y - 1)


def test_one_step_more_than_there_are_slots_writes_over_the_mark():
    machine = tape_head.copying_machine(N=10)
    assert wrong(machine, *shown(9)) == 0
    assert wrong(machine, *shown(10, B=50)) > 0.3
    _, trace = tape_head.run(machine, shown(10)[0])
    assert trace.M[8, :, 0, -1].all() and not trace.M[9, :, 0, -1].any()


def test_its_weights_are_whole_numbers_as_the_docstring_says():
    machine = tape_head.copying_machine(bits=3, N=5)
    for path, leaf in nested.paths(machine):
        assert (leaf == np.round(leaf)).all(), path
    head = lambda control: (control.shape, set(np.unique(control).tolist()))
    assert head(machine.U) == ((7, 4), {-1, 0, 1})
    assert head(machine.read.beta) == ((1, 8), {0, tape_head.SURE})


def test_the_heads_move_as_the_docstring_says():
    L, B, N = 4, 2, 9
    x, _, _ = shown(L, B)
    _, trace = tape_head.run(tape_head.copying_machine(N=N), x)
    assert (trace.write.max(axis=2) == 1).all() and (trace.read.max(axis=2) == 1).all()
    written, looked_at = trace.write.argmax(axis=2), trace.read.argmax(axis=2)
    for b in range(B):
        assert written[:, b].tolist() == [1, 2, 3, 4, 4, 4, 4, 4, 4]
        assert looked_at[:, b].tolist() == [0, 0, 0, 0, 0, 1, 2, 3, 4]
    np.testing.assert_array_equal(trace.M[-1, :, 1 : L + 1, :-1], x[:L, :, :-1].swapaxes(0, 1))
    assert not trace.erase[L:].any() and not trace.add[L:].any()


def test_the_jump_back_is_by_content():
    """Wherever the read head was: with the mark in another slot it jumps there, and reads on from there."""
    machine = tape_head.copying_machine(N=9)
    x, y, counted = shown(3)
    M = np.roll(machine.M, 5, axis=0)  # the mark in slot 5, the heads still start on 0
    o, trace = tape_head.run(machine._replace(M=M), x)
    assert trace.read.argmax(axis=2)[:, 0].tolist() == [0, 0, 0, 5, 6, 7, 8]
    assert not o[counted].any()  # the bits are in slots 1 to 3


def test_a_head_that_slips_blurs_and_a_sharp_one_does_not():
    x, y, counted = shown(50, B=4)
    errors = [
        wrong(tape_head.copying_machine(slip=0.1, gamma=gamma), x, y, counted)
        for gamma in (1.0, 2.0, 5.0)
    ]
    assert errors[0] > 0.15 and errors[1:] == [0, 0]
    widths = []
    for gamma in (1.0, 5.0):
        _, trace = tape_head.run(tape_head.copying_machine(slip=0.1, gamma=gamma), x)
        np.testing.assert_allclose(trace.write.sum(axis=2), 1, rtol=0, atol=1e-13)
        widths.append(1 - trace.write[49].max())
    assert widths[0] > 0.5 and widths[1] < 1e-3


def test_no_slip_is_no_blur():
    x, _, _ = shown(20)
    plain, sharp = (tape_head.run(tape_head.copying_machine(gamma=g), x)[0] for g in (1.0, 50.0))
    np.testing.assert_array_equal(plain, sharp)


def test_a_sequence_alone_is_copied_as_in_a_batch():
    machine, (x, _, _) = tape_head.copying_machine(slip=0.1), shown(6, B=3)
    o, trace = tape_head.run(machine, x)
    for b in range(3):
        alone, own = tape_head.run(machine, x[:, b : b + 1])
        np.testing.assert_allclose(alone[:, 0], o[:, b], rtol=0, atol=1e-14)
        np.testing.assert_allclose(own.M[:, 0], trace.M[:, b], rtol=0, atol=1e-14)


def test_a_copy_has_one_ancestor_and_a_blurred_one_has_many():
    L = 4
    x, _, _ = shown(L)
    for slip, many in ((0.0, False), (0.1, True)):
        o, trace = tape_head.run(tape_head.copying_machine(N=12, slip=slip), x)
        shares, start = addressing.origins(trace.read, trace.write, trace.erase)
        made = np.einsum("tbsw,sbw->tbw", shares, trace.add)
        np.testing.assert_allclose(made[..., :8], o, rtol=0, atol=1e-14)
        assert start[L + 1 :, ..., -1].any() == many  # of the mark, which no bit of a copy has
        graph = architectures.memory_flow(
            shares[:, 0, :, 0], wrote=trace.add[:, 0].any(axis=1), least=1e-6
        )
        for t in range(L + 1, 2 * L + 1):
            inputs = {name for name in graph.ancestors(f"o{t + 1}") if name[0] == "x"}
            assert f"x{t - L}" in inputs
            assert (len(inputs) > 1) == many and inputs <= {"x1", "x2", "x3", "x4"}
        assert bool(graph.ancestors("o1")) == many  # a head that slips leaves some behind


def test_shares_that_a_drawing_refuses():
    for shares, message in (
        (np.zeros((2, 3)), r"shares has shape \(2, 3\), expected \(T, T\)"),
        ([[0.5, 0.1], [0, 0]], "step 1 has a share of what step 2 wrote"),
        ([[1.5]], r"must lie in \[0, 1\], found 1.5"),
    ):
        with pytest.raises(ValueError, match=message):
            architectures.memory_flow(shares)
    with pytest.raises(ValueError, match=r"wrote has shape \(3,\), the shares need \(1,\)"):
        architectures.memory_flow([[0.5]], wrote=[True, False, True])
    graph = architectures.memory_flow([[0.004, 0], [0.5, 0.02]])
    assert {(a, b) for a, b in graph.pairs() if b[0] == "o"} == {("m1", "o2"), ("m2", "o2")}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bits": 0}, "0 bits and 128 slots, expected at least 1 and 2"),
        ({"N": 1}, "8 bits and 1 slots"),
        ({"slip": 1.0}, "slip is 1.0, expected 0 <= slip < 1"),
        ({"gamma": 0.5}, "gamma is 0.5, expected at least 1"),
    ],
)
def test_a_machine_that_cannot_be(settings, message):
    with pytest.raises(ValueError, match=message):
        tape_head.copying_machine(**settings)


@pytest.mark.parametrize("x", [np.zeros((3, 2, 8)), np.zeros((3, 9)), np.zeros((0, 2, 9))])
def test_inputs_that_do_not_fit(x):
    with pytest.raises(ValueError, match=r"x has shape .*, expected \(T, B, 9\)"):
        tape_head.run(tape_head.copying_machine(), x)
