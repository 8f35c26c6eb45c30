"""Who may come in: accounts and their passwords, roles, sessions, step-up, tokens of programs, and the first boot."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2.exceptions import VerifyMismatchError

from controller.history.state_database import StateDatabase
from controller.panel.accounts import Accounts, LastAdminError
from controller.panel.app import create_app
from controller.panel.passwords import NOBODY, Passwords, weakness
from controller.panel.people import SIGN_IN_ATTEMPTS, People
from controller.panel.permissions import GRANTS, OPEN, ROUTES, STEP_UP, Permission, Role
from controller.panel.rates import Delays, Rate
from controller.panel.sessions import Sessions, who_of
from controller.panel.set_up import FILE, MOST_TRIES, WINDOW_S, SetUp
from tests.panel.conftest import OWN
from tests.panel.small_farm import START_S, SmallFarm

GOOD = "carp under the third bridge"
BETTER = "seven lettuces and a lamp"


class Hands:
    """Process time that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Counting:
    """In the place of argon2id: cheap, and it tells how often it worked."""

    def __init__(self) -> None:
        self.worked: list[str] = []
        self.old: set[str] = set()

    def hash(self, password: str, /) -> str:
        return "new:" + sha256(password.encode()).hexdigest()

    def verify(self, hash: str, password: str, /) -> bool:
        self.worked.append(hash)
        if hash.partition(":")[2] != sha256(password.encode()).hexdigest():
            raise VerifyMismatchError
        return True

    def check_needs_rehash(self, hash: str, /) -> bool:
        return hash in self.old


class House:
    """A panel with accounts, and what was written down of them."""

    def __init__(self, farm: SmallFarm, directory: Path | None = None) -> None:
        self.hands, self.hasher = Hands(), Counting()
        self.deeds: list[tuple[str, str, str, Mapping[str, object]]] = []
        self.people = People(
            sessions=Sessions(clock=self.hands), accounts=Accounts(), passwords=Passwords(self.hasher),
            note=lambda *deed: self.deeds.append(deed), now=farm.now, delays=Delays(clock=self.hands),
            attempts=Rate(SIGN_IN_ATTEMPTS, 60.0, self.hands), code_in=directory,
        )  # fmt: skip
        self.app = create_app(farm, people=self.people)

    def add(self, name: str, role: Role, password: str = GOOD) -> None:
        self.people.accounts.add(name, role, self.hasher.hash(password), START_S)

    def client(self, token: str = "") -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {token}"} if token else OWN
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://127.0.0.1", headers=headers
        )  # fmt: skip

    @asynccontextmanager
    async def signed_in(self, name: str, password: str = GOOD, **more: Any) -> AsyncIterator[httpx.AsyncClient]:
        async with self.client() as client:
            reply = await client.post("/api/v1/session", json={"name": name, "password": password, **more})
            assert reply.status_code == 201, reply.text
            yield client

    def done(self) -> list[str]:
        return [what for _, what, _, _ in self.deeds]


@pytest.fixture
def house(farm: SmallFarm) -> House:
    house = House(farm)
    for role in Role:
        house.add(role.value, role)
    return house


@pytest.fixture
async def admin(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with house.signed_in("admin") as client:
        yield client


# --- roles


async def test_every_route_asks_of_every_role_what_the_table_says(house: House) -> None:
    for role in Role:
        session_id = house.people.sessions.open(role.value, role)
        async with house.client() as client:
            client.cookies.set("farmloop", session_id)
            for number, (method, path) in enumerate(sorted(ROUTES)):
                if (method, path) in OPEN or path in ("/api/v1/stream", "/api/v1/session"):
                    continue
                if number % 8 == 0:  # more than ten writes a second are refused before the table is looked at
                    house.hands.now += 1.0
                    house.people.sessions.close_of("nobody")
                    client.cookies.set("farmloop", session_id := house.people.sessions.open(role.value, role))
                place = path.replace("{path:path}", "panel.js")
                reply = await client.request(method, place, json={} if method in ("PUT", "POST") else None)
                allowed = ROUTES[method, path] in GRANTS[role]
                assert (reply.status_code == 403) is not allowed, (role, method, path, reply.text)
                assert allowed or reply.json()["code"] == "not_allowed"


def test_each_role_may_all_that_the_one_before_may() -> None:
    granted = [GRANTS[role] for role in Role]
    assert [len(one) for one in granted] == sorted({len(one) for one in granted})
    assert all(lower < higher for lower, higher in pairwise(granted))
    assert set(ROUTES) >= STEP_UP
    writes = {key for key, asked in ROUTES.items() if key[0] != "GET" and asked is Permission.SEE}
    assert writes == {
        ("DELETE", "/api/v1/session"), ("POST", "/api/v1/session/confirm"), ("PUT", "/api/v1/session/password"),
        ("DELETE", "/api/v1/sessions/{id}"), ("POST", "/api/v1/session/second-factor"),
        ("PUT", "/api/v1/session/second-factor"), ("POST", "/api/v1/session/second-factor/off"),
    }  # fmt: skip


async def test_nobody_raises_their_own_role(house: House, admin: httpx.AsyncClient) -> None:
    async with house.signed_in("operator") as operator:
        for path, body in (
            ("/api/v1/users/operator", {"role": "admin"}),
            ("/api/v1/session/password", {"password": GOOD, "new_password": BETTER, "role": "admin"}),
            ("/api/v1/setpoints/ras1.tank1.do_sp", {"change_id": "change-0001", "value": 8.0, "role": "admin"}),
        ):
            assert (await operator.put(path, json=body)).status_code in (403, 422)
        signing = {"name": "operator", "password": GOOD, "role": "admin"}
        assert (await operator.post("/api/v1/session", json=signing)).status_code == 422
        assert (await operator.get("/api/v1/session")).json()["role"] == "operator"
    assert house.people.accounts.find("operator").role is Role.OPERATOR  # type: ignore[union-attr]
    body = {"name": "li", "role": "viewer", "password": BETTER, "hash": "x"}
    assert (await admin.post("/api/v1/users", json=body)).status_code == 422


async def test_what_an_account_does_stands_under_its_own_name(house: House, farm: SmallFarm) -> None:
    async with house.signed_in("operator") as operator:
        body = {"change_id": "hand-0001", "position": 50.0, "who": "somebody else"}
        assert (await operator.put("/api/v1/hands/ras1.tank1.o2_valve", json=body)).status_code == 200
    assert farm.laid[0].by == "operator"
    session = house.people.sessions.find(house.people.sessions.open("command line", Role.ADMIN, lasts=True))
    assert session is not None
    assert who_of(" wang ", session) == "wang"


# --- signing in


async def test_an_unknown_name_costs_the_work_of_a_known_one_and_is_told_alike(house: House) -> None:
    async with house.client() as client:
        replies = []
        for name in ("operator", "nobody"):
            house.hasher.worked.clear()
            reply = await client.post("/api/v1/session", json={"name": name, "password": "wrong password"})
            replies.append((reply.status_code, reply.json(), "set-cookie" in reply.headers))
            assert len(house.hasher.worked) == 1
        assert replies[0] == replies[1]
        assert replies[0][1]["code"] == "password"
        assert house.hasher.worked == [NOBODY]
    # a password that was typed in the place of the name is written down nowhere
    assert [who for who, what, _, _ in house.deeds if what == "sign_in_refused"] == ["operator", ""]


def test_the_hash_of_nobody_is_of_todays_parameters() -> None:
    assert not Passwords().is_old(NOBODY)


async def test_a_real_hash_lets_in_its_password_alone() -> None:
    passwords = Passwords()
    hashed = await passwords.hash(GOOD)
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.matches(GOOD, hashed)
    assert not await passwords.matches(GOOD + " ", hashed)
    assert not await passwords.matches(GOOD, "no hash at all")


async def test_an_old_hash_is_made_anew_at_the_next_sign_in(house: House) -> None:
    old = house.people.accounts.change("operator", START_S, password="old:" + house.hasher.hash(GOOD)[4:])
    house.hasher.old.add(old.password)
    async with house.signed_in("operator"):
        assert house.people.accounts.find("operator").password == house.hasher.hash(GOOD)  # type: ignore[union-attr]


async def test_wrong_passwords_are_waited_for_longer_and_longer_but_nobody_is_locked_out(house: House) -> None:
    delays, waits = house.people.delays, []
    for _ in range(14):
        waits.append(delays.wait_s("operator"))
        house.hands.now += waits[-1]
        delays.failed("operator")
    assert waits == [0.0, 0.0, 0.0, *(2.0**n for n in range(7)), 360.0, 360.0, 360.0, 360.0]
    async with house.client() as client:
        body = {"name": "operator", "password": GOOD}
        reply = await client.post("/api/v1/session", json=body)
        assert (reply.status_code, reply.json()["code"]) == (429, "too_many")
        assert int(reply.headers["retry-after"]) >= 360
        house.hands.now += 361.0
        assert (await client.post("/api/v1/session", json=body)).status_code == 201
        assert delays.wait_s("operator") == 0.0
    for number in range(2000):
        delays.failed(str(number))
    assert len(delays._failed) <= 1000


async def test_five_tries_a_minute_from_one_address_whatever_the_name(house: House) -> None:
    async with house.client() as client:
        for number in range(5):
            body = {"name": f"guess{number}", "password": "guess"}
            assert (await client.post("/api/v1/session", json=body)).status_code == 401
        reply = await client.post("/api/v1/session", json={"name": "operator", "password": GOOD})
        assert reply.status_code == 429


async def test_the_session_is_a_new_one_at_each_sign_in(house: House) -> None:
    async with house.client() as client:
        client.cookies.set("farmloop", "planted")
        body = {"name": "operator", "password": GOOD}
        ids = []
        for _ in range(2):
            reply = await client.post("/api/v1/session", json=body)
            ids.append(reply.cookies["farmloop"])
            client.cookies.clear()
            client.cookies.set("farmloop", ids[-1])
        assert "planted" not in ids
        for session_id, status in (("planted", 401), (ids[0], 401), (ids[1], 200)):
            client.cookies.clear()
            client.cookies.set("farmloop", session_id)
            assert (await client.get("/api/v1/session")).status_code == status


async def test_a_screen_on_the_wall_shows_for_twelve_hours_and_changes_nothing(house: House, farm: SmallFarm) -> None:
    async with house.signed_in("admin", kiosk=True) as wall, house.signed_in("admin") as desk:
        assert (await wall.get("/api/v1/session")).json()["role"] == "viewer"
        body = {"change_id": "change-0001", "value": 8.0}
        assert (await wall.put("/api/v1/setpoints/ras1.tank1.do_sp", json=body)).status_code == 403
        house.hands.now += 1801.0
        assert [(await one.get("/api/v1/state")).status_code for one in (wall, desk)] == [200, 401]
        house.hands.now += 12 * 3600.0
        assert (await wall.get("/api/v1/state")).status_code == 401
    assert farm.changes_made == []


async def test_a_session_ends_after_a_week_however_much_it_is_used(house: House) -> None:
    async with house.signed_in("operator") as client:
        for _ in range(7 * 48):
            house.hands.now += 1799.0
            assert house.people.sessions.find(client.cookies["farmloop"]) is not None
        house.hands.now += 1799.0
        assert (await client.get("/api/v1/state")).status_code == 401


# --- what ends sessions


async def test_another_role_or_password_or_none_ends_the_persons_sessions_at_once(
    house: House, admin: httpx.AsyncClient
) -> None:
    for name, change in (
        ("operator", {"role": "viewer", "reason": "left the tanks"}),
        ("technician", {"password": BETTER}),
        ("viewer", None),
    ):
        async with house.signed_in(name) as client:
            session = house.people.sessions.find(client.cookies["farmloop"])
            assert session is not None
            assert (await client.get("/api/v1/state")).status_code == 200
            path = f"/api/v1/users/{name}"
            reply = await (admin.delete(path) if change is None else admin.put(path, json=change))
            assert reply.status_code in (200, 204)
            assert (await client.get("/api/v1/state")).status_code == 401
            assert not house.people.is_alive(session)  # which an open stream asks every second
    who, _, subject, said = next(deed for deed in house.deeds if deed[1] == "account_changed")
    assert (who, subject, said["before"], said["after"]) == (
        "admin", "operator", {"role": Role.OPERATOR}, {"role": Role.VIEWER},
    )  # fmt: skip
    assert (said["reason"], said["sessions_ended"], said["password"]) == ("left the tanks", 1, False)


async def test_people_see_and_end_their_own_sessions_and_administrators_all(
    house: House, admin: httpx.AsyncClient
) -> None:
    async with house.signed_in("operator") as here, house.signed_in("operator") as there:
        mine = (await here.get("/api/v1/sessions")).json()["sessions"]
        assert [one["who"] for one in mine] == ["operator", "operator"]
        assert sum(one["this"] for one in mine) == 1
        everybody = (await admin.get("/api/v1/sessions")).json()["sessions"]
        assert {one["who"] for one in everybody} == {"operator", "admin"}
        boss = next(one["id"] for one in everybody if one["who"] == "admin")
        assert (await here.delete(f"/api/v1/sessions/{boss}")).status_code == 404
        other = next(one["id"] for one in mine if not one["this"])
        assert (await here.delete(f"/api/v1/sessions/{other}")).status_code == 204
        assert (await there.get("/api/v1/state")).status_code == 401
        assert (await here.get("/api/v1/state")).status_code == 200
        assert here.cookies["farmloop"] not in str(everybody)


async def test_a_new_password_of_ones_own_asks_for_the_old_and_ends_the_other_sessions(house: House) -> None:
    async with house.signed_in("operator") as here, house.signed_in("operator") as there:
        body = {"password": "not mine at all", "new_password": BETTER}
        assert (await here.put("/api/v1/session/password", json=body)).json()["code"] == "password"
        body["password"] = GOOD
        for weak, why in (("lettuce", "short"), ("password1234", "guessable"), (GOOD, "guessable")):
            house.hands.now += 60.0
            reply = await here.put("/api/v1/session/password", json=body | {"new_password": weak})
            assert (reply.status_code, reply.json()["message"]) == (422, f"panel.error.password_{why}")
        assert (await there.get("/api/v1/state")).status_code == 200
        house.hands.now += 60.0
        assert (await here.put("/api/v1/session/password", json=body)).status_code == 200
        assert [(await one.get("/api/v1/state")).status_code for one in (here, there)] == [200, 401]
    assert house.people.accounts.find("operator").password == house.hasher.hash(BETTER)  # type: ignore[union-attr]
    assert house.done()[-1] == "password_changed"


def test_passwords_are_long_and_hard_to_guess() -> None:
    assert weakness("a1!B2?c3", ()) == "short"
    assert weakness("x" * 201, ()) == "long"
    for easy in ("password123", "1234567890", "qwertyuiop", "farmloop2026", "wangxiaoming", "aaaaaaaaaaaaaaaa"):
        assert weakness(easy, ("wangxiaoming",)) == "guessable", easy
    assert weakness(GOOD, ("wang",)) is None
    assert weakness("溶氧低时先看循环泵再看氧气", ()) is None


# --- step-up


async def test_changing_accounts_tokens_and_interlocks_asks_for_the_password_again(
    house: House, admin: httpx.AsyncClient, farm: SmallFarm
) -> None:
    name = next(iter(farm.site.interlocks))
    asked = (
        ("POST", "/api/v1/users", {"name": "li", "role": "viewer", "password": BETTER}),
        ("PUT", "/api/v1/users/viewer", {"role": "operator"}),
        ("POST", "/api/v1/tokens", {"name": "grafana"}),
        ("PUT", f"/api/v1/bypasses/{name}", {"change_id": "bypass-01", "minutes": 5.0}),
        ("DELETE", "/api/v1/users/operator", None),
    )
    house.hands.now += 299.0
    assert (await admin.get("/api/v1/session")).json()["confirmed"]
    house.hands.now += 1.0
    assert not (await admin.get("/api/v1/session")).json()["confirmed"]
    for method, path, body in asked[:3]:  # more would be too many writes a second
        reply = await admin.request(method, path, json=body)
        assert (reply.status_code, reply.json()["code"]) == (403, "confirm_first"), path
    assert (await admin.post("/api/v1/session/confirm", json={"password": "wrong one"})).status_code == 403
    assert not (await admin.get("/api/v1/session")).json()["confirmed"]
    assert (await admin.post("/api/v1/session/confirm", json={"password": GOOD})).json()["confirmed"]
    for method, path, body in asked:
        reply = await admin.request(method, path, json=body)
        assert reply.status_code in (200, 201, 204), (path, reply.text)
    assert {(method, path.replace(name, "{name}")) for method, path, _ in asked} >= {
        (method, path) for method, path in STEP_UP if "{" not in path
    }


# --- accounts


async def test_accounts_are_made_listed_and_edited_by_who_saw_the_last_version(
    house: House, admin: httpx.AsyncClient
) -> None:
    made = await admin.post("/api/v1/users", json={"name": "王 芳", "role": "operator", "password": BETTER})
    assert (made.status_code, made.json()["role"]) == (201, "operator")
    assert made.headers["etag"] == f'"{made.json()["version"]}"'
    for name, code in (("王 芳", "name_taken"), ("ADMIN", "name_taken"), ("<b>", "no_name"), (" x", "no_name")):
        reply = await admin.post("/api/v1/users", json={"name": name, "role": "viewer", "password": BETTER})
        assert reply.json()["code"] == code, name
    path, seen = "/api/v1/users/王 芳", {"if-match": made.headers["etag"]}
    changed = await admin.put(path, json={"role": "technician"}, headers=seen)
    assert (changed.status_code, changed.json()["role"]) == (200, "technician")
    late = await admin.put(path, json={"role": "viewer"}, headers=seen)
    assert (late.status_code, late.json()["code"]) == (412, "changed_since")
    users = (await admin.get("/api/v1/users")).json()["users"]
    assert {one["name"]: one["role"] for one in users}["王 芳"] == "technician"
    assert "$argon2" not in str(users)
    assert "new:" not in str(users)
    assert (await admin.put("/api/v1/users/none", json={"role": "viewer"})).status_code == 404


async def test_the_last_administrator_stays(house: House, admin: httpx.AsyncClient) -> None:
    for reply in (
        await admin.delete("/api/v1/users/admin"), await admin.put("/api/v1/users/admin", json={"role": "viewer"}),
    ):  # fmt: skip
        assert (reply.status_code, reply.json()["code"]) == (409, "last_admin")
    with pytest.raises(LastAdminError):
        house.people.accounts.remove("admin", START_S)
    assert (await admin.get("/api/v1/session")).json()["role"] == "admin"


def test_accounts_and_tokens_outlive_a_restart_and_hold_no_secret(tmp_path: Path) -> None:
    database = StateDatabase(tmp_path)
    accounts = Accounts(database, START_S)
    for name, role in (("wang", Role.ADMIN), ("li", Role.VIEWER), ("zhao", Role.OPERATOR)):
        accounts.add(name, role, f"hash of {name}", START_S)
    accounts.change("li", START_S + 1, role=Role.OPERATOR)
    accounts.remove("zhao", START_S + 2)
    token, text = accounts.make_token("grafana", Role.VIEWER, "wang", START_S, START_S + 10.0)
    _, gone = accounts.make_token("old", Role.VIEWER, "wang", START_S, None)
    accounts.remove_token(gone.split("_")[1], START_S)
    assert accounts.token_of(text, START_S + 5) is not None
    accounts.write_uses(START_S + 5)
    database.close()
    again = Accounts(StateDatabase(tmp_path), START_S + 6)
    assert [(one.name, one.role, one.password) for one in again.all()] == [
        ("li", Role.OPERATOR, "hash of li"), ("wang", Role.ADMIN, "hash of wang"),
    ]  # fmt: skip
    assert [(one.id, one.used_ms) for one in again.tokens()] == [(token.id, round((START_S + 5) * 1000))]
    assert again.token_of(text, START_S + 9.9) is not None
    assert again.token_of(text, START_S + 10.0) is None
    assert again.token_of(gone, START_S + 9.0) is None
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())
    assert text.rpartition("_")[2].encode() not in kept


# --- tokens of programs


async def test_a_token_asks_as_its_role_may_and_its_text_is_told_once(
    house: House, admin: httpx.AsyncClient, farm: SmallFarm
) -> None:
    made = (await admin.post("/api/v1/tokens", json={"name": "feeder", "role": "operator", "days": 1.0})).json()
    text, id = made["text"], made["token"]["id"]
    assert text.startswith(f"farmloop_{id}_")
    assert text.rpartition("_")[2] not in (await admin.get("/api/v1/tokens")).text
    assert text.rpartition("_")[2] not in str(house.deeds)
    async with house.client(text) as program:
        body = {"change_id": "change-0001", "value": 8.0}
        assert (await program.put("/api/v1/setpoints/ras1.tank1.do_sp", json=body)).status_code == 200
        assert farm.changes_made[0][3] == "token:feeder"
        assert (await program.get("/api/v1/users")).status_code == 403
        assert (await admin.get("/api/v1/tokens")).json()["tokens"][0]["used"] == START_S * 1000
        assert (await admin.delete(f"/api/v1/tokens/{id}")).status_code == 204
        assert (await program.get("/api/v1/state")).status_code == 401
    assert (await admin.delete(f"/api/v1/tokens/{id}")).status_code == 404
    assert house.done()[-2:] == ["token_made", "token_removed"]


async def test_what_is_not_quite_a_token_opens_nothing_even_beside_a_cookie(
    house: House, admin: httpx.AsyncClient
) -> None:
    _, text = house.people.accounts.make_token("feeder", Role.ADMIN, "admin", START_S, None)
    others = ("Bearer", "Bearer ", "Bearer farmloop_00000000_x", f"Basic {text}", f"Token {text}", text, "")
    for header in (*others, f"Bearer {text[:-1]}", f"Bearer {text}x", f"Bearer x{text}"):
        reply = await admin.get("/api/v1/state", headers={"authorization": header})
        assert reply.status_code == 401


async def test_a_token_of_an_administrator_makes_no_accounts(house: House) -> None:
    _, text = house.people.accounts.make_token("feeder", Role.ADMIN, "admin", START_S, None)
    async with house.client(text) as program:
        body = {"name": "li", "role": "admin", "password": BETTER}
        assert (await program.post("/api/v1/users", json=body)).json()["code"] == "confirm_first"
        assert (await program.post("/api/v1/session/confirm", json={"password": GOOD})).status_code == 403


# --- the first boot


async def test_the_code_on_the_box_makes_the_first_administrator_once(farm: SmallFarm, tmp_path: Path) -> None:
    house = House(farm, tmp_path)
    code, file = house.people.set_up.code, tmp_path / FILE
    assert len(code) == 8
    assert file.read_text() == code + "\n"
    assert file.stat().st_mode & 0o777 == 0o600
    async with house.client() as client:
        page = await client.get("/", headers={"accept": "text/html"})
        assert (page.status_code, "First set-up" in page.text) == (401, True)
        assert (await client.get("/set-up")).status_code == 200
        body = {"code": "AAAAAAAA", "name": "wang", "password": GOOD}
        assert (await client.post("/api/v1/set-up", json=body)).json()["code"] == "set_up_code"
        body["code"] = f" {code[:4].lower()}-{code[4:].lower()} "
        weak = await client.post("/api/v1/set-up", json=body | {"password": "password1234"})
        assert weak.json()["code"] == "weak_password"
        assert (await client.post("/api/v1/set-up", json=body | {"role": "viewer"})).status_code == 422
        made = await client.post("/api/v1/set-up", json=body)
        assert (made.status_code, made.json()["role"]) == (201, "admin")
        assert (await client.get("/api/v1/users")).status_code == 200
        assert not file.exists()
        for reply in (await client.get("/set-up"), await client.post("/api/v1/set-up", json=body)):
            assert reply.status_code == 404
    assert house.done() == ["account_added", "signed_in"]
    assert SetUp(house.people.accounts, tmp_path).code == ""
    assert not file.exists()


def test_the_door_of_the_first_boot_shuts_after_half_an_hour_or_a_hundred_guesses(tmp_path: Path) -> None:
    hands = Hands()
    set_up = SetUp(Accounts(), tmp_path, hands)
    code = set_up.code
    hands.now += WINDOW_S - 1.0
    assert set_up.fits(code)
    hands.now += 1.0
    assert not set_up.fits(code)
    assert not (tmp_path / FILE).exists()
    guessed = SetUp(Accounts(), tmp_path, hands)
    code = guessed.code
    for _ in range(MOST_TRIES):
        assert not guessed.fits("AAAAAAAA")
    assert not guessed.fits(code)
    assert not guessed.is_open
    assert not SetUp(Accounts()).is_open  # a demo, or a panel without a box
