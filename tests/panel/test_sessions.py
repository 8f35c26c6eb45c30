"""Who is let in, for how long, and how often they may try."""

from hypothesis import given
from hypothesis import strategies as st

from controller.panel.permissions import Role
from controller.panel.rates import Rate
from controller.panel.sessions import Sessions
from controller.panel.sign_in import SignIn


class Hands:
    """Process time that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_token_opens_the_door_once() -> None:
    sign_in = SignIn()
    token = sign_in.issue()
    assert sign_in.trade(token)
    assert not sign_in.trade(token)


def test_a_token_expires() -> None:
    hands = Hands()
    sign_in = SignIn(lifetime_s=900, clock=hands)
    early, late = sign_in.issue(), sign_in.issue()
    hands.now += 899
    assert sign_in.trade(early)
    hands.now += 1
    assert not sign_in.trade(late)


@given(st.text(max_size=60))
def test_nothing_but_a_token_opens_the_door(guess: str) -> None:
    sign_in = SignIn()
    sign_in.issue()
    assert not sign_in.trade(guess)


def test_the_link_carries_its_token_in_the_fragment_only() -> None:
    sign_in = SignIn()
    address, _, token = sign_in.link("http://127.0.0.1:8443/").partition("#token=")
    assert address == "http://127.0.0.1:8443/sign-in"
    assert len(token) >= 43
    assert sign_in.trade(token)


def test_a_session_that_nobody_uses_ends() -> None:
    hands = Hands()
    sessions = Sessions(idle_s=1800, absolute_s=86400, clock=hands)
    session_id = sessions.open("operator", Role.OPERATOR)
    hands.now += 1799
    assert sessions.find(session_id) is not None
    hands.now += 1800
    assert sessions.find(session_id) is None


def test_a_session_that_is_used_all_the_time_ends_too() -> None:
    hands = Hands()
    sessions = Sessions(idle_s=1800, absolute_s=7200, clock=hands)
    session_id = sessions.open("operator", Role.OPERATOR)
    for _ in range(7):
        hands.now += 1000
        assert sessions.find(session_id) is not None
    hands.now += 1000
    assert sessions.find(session_id) is None


def test_asking_whether_a_session_is_alive_does_not_keep_it_alive() -> None:
    hands = Hands()
    sessions = Sessions(idle_s=1800, clock=hands)
    session = sessions.find(sessions.open("operator", Role.OPERATOR))
    assert session is not None
    for _ in range(17):
        hands.now += 100
        assert sessions.alive(session)
    hands.now += 100
    assert not sessions.alive(session)


def test_the_id_of_a_session_is_kept_nowhere() -> None:
    sessions = Sessions()
    session_id = sessions.open("operator", Role.OPERATOR)
    session = sessions.find(session_id)
    assert session is not None
    assert len(session.key) == 32
    assert session_id.encode() not in repr(vars(sessions)).encode()


def test_too_many_sessions_end_the_one_used_longest_ago() -> None:
    hands = Hands()
    sessions = Sessions(most=2, clock=hands)
    ids = []
    for _ in range(3):
        hands.now += 1
        ids.append(sessions.open("operator", Role.OPERATOR))
    assert [sessions.find(one) is not None for one in ids] == [False, True, True]


def test_a_rate_counts_within_its_window_and_for_each_by_itself() -> None:
    hands = Hands()
    rate = Rate(5, 60.0, clock=hands)
    assert [rate.wait_s("a") for _ in range(5)] == [0.0] * 5
    assert rate.wait_s("a") == 60.0
    assert rate.wait_s("b") == 0.0
    hands.now += 59
    assert rate.wait_s("a") == 1.0
    hands.now += 1
    assert rate.wait_s("a") == 0.0


def test_a_rate_forgets_addresses_rather_than_fill_the_memory() -> None:
    rate = Rate(5, 60.0)
    for number in range(5000):
        rate.wait_s(f"10.0.{number // 256}.{number % 256}")
    assert len(rate._seen) == 1000


def test_the_session_for_commands_lasts_and_is_not_pushed_out() -> None:
    hands = Hands()
    sessions = Sessions(idle_s=1800, absolute_s=7200, most=2, clock=hands)
    lasting = sessions.open("command line", Role.OPERATOR, lasts=True)
    hands.now += 100_000
    others = [sessions.open("operator", Role.OPERATOR) for _ in range(3)]
    assert sessions.find(lasting) is not None
    assert [sessions.find(one) is not None for one in others] == [False, False, True]
    found = sessions.find(lasting)
    assert found is not None
    sessions.close(found)
    assert sessions.find(lasting) is None
