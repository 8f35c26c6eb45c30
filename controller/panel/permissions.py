"""Who may do what: every route of the panel stands in one table. What is not in it is refused."""

from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    """What a route asks of whoever calls it."""

    OPEN = "open"
    """Nothing: answered without a session."""
    SEE = "see"
    OPERATE = "operate"
    """What a grower does every day: setpoints, hands, alarms, values, notes."""
    SERVICE = "service"
    """What changes how the farm is looked after: interlocks, trials of loops, tests of outputs, calibrations."""
    SUPERVISE = "supervise"
    """Take off what another person laid on."""
    ADMINISTER = "administer"
    """Who may come in, and what everybody did."""


class Role(StrEnum):
    """What a person may be; each may all that the one before may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    TECHNICIAN = "technician"
    ADMIN = "admin"


_SEES = frozenset({Permission.OPEN, Permission.SEE})
_OPERATES = _SEES | {Permission.OPERATE}
_SERVES = _OPERATES | {Permission.SERVICE, Permission.SUPERVISE}
GRANTS: Final[dict[Role, frozenset[Permission]]] = {
    Role.VIEWER: _SEES,
    Role.OPERATOR: _OPERATES,
    Role.TECHNICIAN: _SERVES,
    Role.ADMIN: _SERVES | {Permission.ADMINISTER},
}

PHOTOS_PATH: Final = "/api/v1/photos"
"""The one path that takes more than a little JSON."""
ROUTES: Final[dict[tuple[str, str], Permission]] = {
    ("GET", "/healthz"): Permission.OPEN,
    ("GET", "/sign-in"): Permission.OPEN,
    ("GET", "/static/sign_in.js"): Permission.OPEN,
    ("GET", "/static/panel.css"): Permission.OPEN,
    ("GET", "/static/icon.svg"): Permission.OPEN,
    # a telephone that puts the panel on its home screen asks for its picture as a stranger
    ("GET", "/static/app-192.png"): Permission.OPEN,
    ("GET", "/static/app-512.png"): Permission.OPEN,
    ("POST", "/api/v1/session"): Permission.OPEN,
    # on the first boot, until there is an administrator; then they are not there
    ("GET", "/set-up"): Permission.OPEN,
    ("GET", "/static/set_up.js"): Permission.OPEN,
    ("POST", "/api/v1/set-up"): Permission.OPEN,
    # a message's link has its own key, and opens its own alarms alone
    ("GET", "/alarm"): Permission.OPEN,
    ("GET", "/static/alarm_link.js"): Permission.OPEN,
    ("POST", "/api/v1/alarm-links/show"): Permission.OPEN,
    ("POST", "/api/v1/alarm-links/acknowledge"): Permission.OPEN,
    ("GET", "/api/v1/messages-sent"): Permission.SEE,
    ("POST", "/api/v1/messages-sent"): Permission.OPERATE,
    ("GET", "/api/v1/siren"): Permission.SEE,
    ("PUT", "/api/v1/siren"): Permission.OPERATE,
    ("GET", "/"): Permission.SEE,
    ("GET", "/guide/{page}"): Permission.SEE,
    ("GET", "/offline"): Permission.SEE,
    ("GET", "/worker.js"): Permission.SEE,
    ("GET", "/manifest.webmanifest"): Permission.SEE,
    ("GET", "/static/{path:path}"): Permission.SEE,
    ("GET", "/api/v1/openapi.json"): Permission.SEE,
    ("GET", "/api/v1/session"): Permission.SEE,
    ("DELETE", "/api/v1/session"): Permission.SEE,
    ("POST", "/api/v1/session/confirm"): Permission.SEE,
    ("PUT", "/api/v1/session/password"): Permission.SEE,
    ("GET", "/api/v1/session/second-factor"): Permission.SEE,
    ("POST", "/api/v1/session/second-factor"): Permission.SEE,
    ("PUT", "/api/v1/session/second-factor"): Permission.SEE,
    ("POST", "/api/v1/session/second-factor/off"): Permission.SEE,
    ("GET", "/api/v1/sessions"): Permission.SEE,
    ("DELETE", "/api/v1/sessions/{id}"): Permission.SEE,
    ("GET", "/metrics"): Permission.SEE,
    ("GET", "/api/v1/system"): Permission.SEE,
    ("GET", "/api/v1/audit"): Permission.ADMINISTER,
    ("GET", "/api/v1/audit/chain"): Permission.ADMINISTER,
    ("GET", "/api/v1/users"): Permission.ADMINISTER,
    ("POST", "/api/v1/users"): Permission.ADMINISTER,
    ("PUT", "/api/v1/users/{name}"): Permission.ADMINISTER,
    ("DELETE", "/api/v1/users/{name}"): Permission.ADMINISTER,
    ("DELETE", "/api/v1/users/{name}/second-factor"): Permission.ADMINISTER,
    ("GET", "/api/v1/tokens"): Permission.ADMINISTER,
    ("POST", "/api/v1/tokens"): Permission.ADMINISTER,
    ("DELETE", "/api/v1/tokens/{id}"): Permission.ADMINISTER,
    ("GET", "/api/v1/messages/{language}"): Permission.SEE,
    ("GET", "/api/v1/site"): Permission.SEE,
    ("GET", "/api/v1/state"): Permission.SEE,
    ("GET", "/api/v1/stream"): Permission.SEE,
    ("GET", "/api/v1/trend"): Permission.SEE,
    ("GET", "/api/v1/trends"): Permission.SEE,
    ("GET", "/api/v1/trends/csv"): Permission.SEE,
    ("GET", "/api/v1/trends/marks"): Permission.SEE,
    ("GET", "/api/v1/devices"): Permission.SEE,
    ("GET", "/api/v1/devices/{device}/heard"): Permission.SEE,
    ("GET", "/api/v1/buses"): Permission.SEE,
    ("PUT", "/api/v1/output-tests/{output}"): Permission.SERVICE,
    ("GET", "/api/v1/explanations/{output}"): Permission.SEE,
    ("GET", "/api/v1/entries"): Permission.SEE,
    ("GET", "/api/v1/alarms"): Permission.SEE,
    ("POST", "/api/v1/alarms"): Permission.OPERATE,
    ("GET", "/api/v1/alarms/journal"): Permission.SEE,
    ("GET", "/api/v1/alarms/kpi"): Permission.SEE,
    ("GET", "/api/v1/notices"): Permission.SEE,
    ("GET", "/api/v1/logbook"): Permission.SEE,
    ("GET", "/api/v1/consumption"): Permission.SEE,
    ("GET", "/api/v1/consumption.csv"): Permission.SEE,
    ("POST", "/api/v1/logbook"): Permission.OPERATE,
    ("POST", "/api/v1/photos"): Permission.OPERATE,
    ("GET", "/api/v1/photos/{name}"): Permission.SEE,
    ("POST", "/api/v1/entries"): Permission.OPERATE,
    ("GET", "/api/v1/setpoints/{name}"): Permission.SEE,
    ("PUT", "/api/v1/setpoints/{name}"): Permission.OPERATE,
    ("PUT", "/api/v1/resets/{name}"): Permission.OPERATE,
    ("GET", "/api/v1/hands"): Permission.SEE,
    ("PUT", "/api/v1/hands/{output}"): Permission.OPERATE,
    ("GET", "/api/v1/doses"): Permission.SEE,
    ("PUT", "/api/v1/doses/{output}"): Permission.OPERATE,
    ("PUT", "/api/v1/stops/{facility}"): Permission.OPERATE,
    ("PUT", "/api/v1/lock-outs/{subject}"): Permission.OPERATE,
    ("DELETE", "/api/v1/lock-outs/{subject}"): Permission.OPERATE,
    ("DELETE", "/api/v1/lock-outs-of-others/{subject}"): Permission.SUPERVISE,
    ("PUT", "/api/v1/care/{tag}"): Permission.OPERATE,
    ("DELETE", "/api/v1/care/{tag}"): Permission.OPERATE,
    ("GET", "/api/v1/calibrations"): Permission.SEE,
    ("GET", "/api/v1/calibrations/{tag}"): Permission.SEE,
    ("POST", "/api/v1/calibrations/{tag}/judged"): Permission.SERVICE,
    ("PUT", "/api/v1/calibrations/{tag}"): Permission.SERVICE,
    ("GET", "/api/v1/interlocks"): Permission.SEE,
    ("PUT", "/api/v1/bypasses/{name}"): Permission.SERVICE,
    ("PUT", "/api/v1/proof-tests/{name}"): Permission.SERVICE,
    ("GET", "/api/v1/first-outs"): Permission.SEE,
    ("GET", "/api/v1/first-outs/{id}"): Permission.SEE,
    ("GET", "/api/v1/recipes"): Permission.SEE,
    ("PUT", "/api/v1/recipes/{zone}"): Permission.OPERATE,
    ("DELETE", "/api/v1/planned-recipes/{id}"): Permission.OPERATE,
    ("GET", "/api/v1/schedule/{zone}"): Permission.SEE,
    ("GET", "/api/v1/rules"): Permission.SEE,
    ("PUT", "/api/v1/rules-off/{name}"): Permission.OPERATE,
    ("DELETE", "/api/v1/rules-off/{name}"): Permission.OPERATE,
    ("GET", "/api/v1/rule-texts"): Permission.SEE,
    ("GET", "/api/v1/rule-texts/{name}"): Permission.SEE,
    ("GET", "/api/v1/rule-replay"): Permission.SEE,
    ("POST", "/api/v1/rule-replay"): Permission.OPERATE,
    ("GET", "/api/v1/sequences"): Permission.SEE,
    ("PUT", "/api/v1/sequences/{name}"): Permission.OPERATE,
    ("GET", "/api/v1/trials/{loop}"): Permission.SEE,
    ("PUT", "/api/v1/trials/{loop}"): Permission.SERVICE,
    ("DELETE", "/api/v1/trials/{loop}"): Permission.SERVICE,
}

STEP_UP: Final = frozenset(
    {
        ("POST", "/api/v1/users"),
        ("PUT", "/api/v1/users/{name}"),
        ("DELETE", "/api/v1/users/{name}"),
        ("DELETE", "/api/v1/users/{name}/second-factor"),
        ("POST", "/api/v1/tokens"),
        ("PUT", "/api/v1/bypasses/{name}"),
    }
)
"""What asks for the password again, unless it was given within five minutes; no token of a program may do it."""
OPEN: Final = frozenset(key for key, permission in ROUTES.items() if permission is Permission.OPEN)
"""Method and exact path of what is answered without a session."""


def allows(role: Role, method: str, route: str) -> bool:
    """Whether `role` may call the route with this path template."""
    permission = ROUTES.get((method, route))
    return permission is not None and permission in GRANTS[role]
