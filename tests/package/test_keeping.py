"""The cloakroom: what is given back was handed in, once, and never more is kept than there are hooks."""

import numpy as np
import pytest

from unrolled import tasks

T, B, HOOKS, TICKET, COAT = 60, 20, 4, 6, 3


def made(seed=1, **options):
    options = {"T": T, "B": B, "hooks": HOOKS, "ticket": TICKET, "coat": COAT} | options
    return tasks.cloakroom(np.random.default_rng(seed), **options)


def bits(number, count):
    return [1 if number >> k & 1 else -1 for k in range(count)]


def test_every_coat_given_back_was_kept_under_its_ticket():
    x, y, counted = made()
    assert x.shape == (T, B, 2 + TICKET + COAT) and y.shape == (T, B, COAT)
    for b in range(B):
        kept, torn = {}, set()
        for t in range(T):
            into, out = x[t, b, :2]
            ticket, coat = tuple(x[t, b, 2 : 2 + TICKET]), x[t, b, 2 + TICKET :]
            assert {into, out} == {0, 1} and out == counted[t, b]
            if counted[t, b]:
                assert (coat == 0).all() and (kept.pop(ticket) == y[t, b]).all()
                torn.add(ticket)
            else:
                assert (coat == 2 * y[t, b] - 1).all() and ticket not in kept | dict.fromkeys(torn)
                kept[ticket] = y[t, b]
            assert len(kept) <= HOOKS
        assert len(torn) > 2 * HOOKS  # more coats than the hooks can keep


def test_full_hooks_give_back_and_empty_ones_take_in():
    _, _, counted = made(hooks=1)
    assert (counted == (np.arange(T) % 2 == 1)[:, None]).all()


def test_tickets_coats_and_visits_are_fair():
    x, y, counted = made(B=400, hooks=30)
    ins = ~counted
    assert abs(y[ins].mean() - 0.5) < 0.02 and set(np.unique(y)) == {0, 1}
    assert np.abs(x[ins][:, 2 : 2 + TICKET].mean(axis=0)).max() < 0.05
    numbers = {tuple(row) for row in x[ins][:, 2 : 2 + TICKET]}
    assert numbers == {tuple(bits(n, TICKET)) for n in range(2**TICKET)}
    ages = []
    for b in range(400):
        came = {}
        for t in range(T):
            ticket = tuple(x[t, b, 2 : 2 + TICKET])
            if counted[t, b]:
                order = sorted(came.values())
                if len(order) == 2:
                    ages.append(order.index(came[ticket]))
                came.pop(ticket)
            else:
                came[ticket] = t
    assert len(ages) > 1000 and abs(np.mean(ages) - 0.5) < 0.05  # neither the oldest nor the newest


def test_the_seed_decides_and_the_dtype_is_that_asked_for():
    one, same, other = made(2), made(2), made(3)
    assert all((a == b).all() for a, b in zip(one, same)) and (one[0] != other[0]).any()
    assert made(dtype=np.float32)[0].dtype == np.float32
    assert one[1].dtype == int and one[2].dtype == bool


def test_as_many_tickets_as_steps_are_enough_and_one_less_is_not():
    made(T=64)
    with pytest.raises(ValueError, match="tickets 64 for 65 steps"):
        made(T=65)
    with pytest.raises(ValueError, match="hooks is 0"):
        made(hooks=0)
