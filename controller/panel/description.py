"""What the API says of itself (`/api/v1/openapi.json`): shapes out of the code, and here how one signs in, what every
call has besides, and an example of everything that can be sent."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

CHANGE: Final = {"change_id": "tablet_7Qx2mK4w"}
EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "POST /api/v1/alarm-links/acknowledge": {"token": "as it stands in the link"},
    "POST /api/v1/alarm-links/show": {"token": "as it stands in the link"},
    "POST /api/v1/alarms": {**CHANGE, "action": "acknowledge", "subject": "ras1.tank1.low"},
    "PUT /api/v1/bypasses/{name}": {**CHANGE, "minutes": 15.0},
    "PUT /api/v1/calibrations/{tag}": {**CHANGE, "points": [[6.92, 7.0], [4.11, 4.01]]},
    "POST /api/v1/calibrations/{tag}/judged": {"points": [[6.92, 7.0]]},
    "PUT /api/v1/care/{tag}": {**CHANGE, "kind": "cleaning", "minutes": 20.0},
    "PUT /api/v1/doses/{output}": {**CHANGE, "millilitres": 50.0},
    "POST /api/v1/entries": {**CHANGE, "tag": "ras1.all.alkalinity", "value": 82.0, "time": "06:30"},
    "PUT /api/v1/hands/{output}": {**CHANGE, "position": 100.0, "hours": 1.0},
    "PUT /api/v1/lock-outs/{subject}": {**CHANGE, "note": "bearing is changed"},
    "POST /api/v1/logbook": {**CHANGE, "text": "Tank 1: two fish at the surface, eating well", "place": "ras1.tank1"},
    "POST /api/v1/messages-sent": {"to": "all"},
    "PUT /api/v1/output-tests/{output}": {**CHANGE, "position": 100.0},
    "PUT /api/v1/proof-tests/{name}": {**CHANGE, "passed": True},
    "PUT /api/v1/recipes/{zone}": {**CHANGE, "action": "start", "recipe": "tomato", "on": "2026-02-01"},
    "PUT /api/v1/resets/{name}": {**CHANGE},
    "PUT /api/v1/rules-off/{name}": {**CHANGE, "hours": 4.0, "reason": "the probe that it looks at is away"},
    "PUT /api/v1/sequences/{name}": {**CHANGE, "action": "start"},
    "POST /api/v1/session": {"name": "wang", "password": "carp under the third bridge"},
    "POST /api/v1/session/confirm": {"password": "carp under the third bridge"},
    "POST /api/v1/session/second-factor": {"password": "carp under the third bridge"},
    "POST /api/v1/session/second-factor/off": {"password": "carp under the third bridge", "code": "492039"},
    "PUT /api/v1/session/second-factor": {"code": "492039"},
    "PUT /api/v1/session/password": {
        "password": "carp under the third bridge", "new_password": "seven lettuces and a lamp",
    },
    "POST /api/v1/set-up": {"code": "K7QD2MXA", "name": "wang", "password": "carp under the third bridge"},
    "PUT /api/v1/setpoints/{name}": {**CHANGE, "value": 8.0},
    "PUT /api/v1/siren": {**CHANGE},
    "PUT /api/v1/stops/{facility}": {**CHANGE},
    "POST /api/v1/tokens": {"name": "grafana", "role": "viewer", "days": 365.0},
    "PUT /api/v1/trials/{loop}": {**CHANGE, "form": "steps", "size": 10.0, "within": 2.0, "longest_hours": 2.0},
    "POST /api/v1/users": {"name": "li", "role": "operator", "password": "seven lettuces and a lamp"},
    "PUT /api/v1/users/{name}": {"role": "technician", "reason": "looks after the probes now"},
}  # fmt: skip
"""By call. `tests/panel/test_api.py` holds each against its shape, and misses none."""
_ONCE: Final = {
    "name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string"},
    "description": "8 to 128 visible characters. The same request with the same key is done once, within a day.",
}  # fmt: skip
_SEEN: Final = {
    "name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"},
    "description": "The ETag that the edit is of. If it is another by now, nothing is changed (412).",
}  # fmt: skip
_AS_CSV: Final = ("GET /api/v1/alarms/journal",)
"""Which also answer as a table, when asked to."""
_EDITED: Final = (
    "/api/v1/setpoints/{name}", "/api/v1/users/{name}", "/api/v1/recipes/{zone}", "/api/v1/calibrations/{tag}",
    "/api/v1/hands/{output}", "/api/v1/lock-outs/{subject}", "/api/v1/lock-outs-of-others/{subject}",
    "/api/v1/care/{tag}", "/api/v1/logbook",
)  # fmt: skip


class DescribedLater(APIRoute):
    """A call whose answers' shapes are worked out for the description alone: two thirds of a panel's start, and hardly
    anybody asks."""

    def __init__(self, *where: Any, responses: Any = None, **options: Any) -> None:
        super().__init__(*where, **options)
        self._told = where, {**options, "responses": responses}

    def described(self) -> APIRoute:
        """The same call with the shapes of its answers."""
        where, options = self._told
        return APIRoute(*where, **options)


def described(app: FastAPI) -> dict[str, Any]:
    """The description, once worked out kept."""
    if app.openapi_schema is None:
        routes = [route.described() if isinstance(route, DescribedLater) else route for route in app.routes]
        document = get_openapi(title=app.title, version=app.version, routes=routes)
        for path, calls in document["paths"].items():
            for method, call in calls.items():
                _describe(f"{method.upper()} {path}", call)
        document["components"]["securitySchemes"] = {
            "session": {"type": "apiKey", "in": "cookie", "name": "farmloop"},
            "token": {"type": "http", "scheme": "bearer"},
        }
        document["security"] = [{"session": []}, {"token": []}]
        app.openapi_schema = document
    return app.openapi_schema


def _describe(key: str, call: dict[str, Any]) -> None:
    answers = call["responses"]
    # what does not fit is told as everything else that goes wrong
    answers.pop("422", None)
    wrong = answers.get("default", {}).get("content", {})
    if "application/json" in wrong:
        wrong["application/problem+json"] = wrong.pop("application/json")
    method, _, path = key.partition(" ")
    if method != "GET":
        call.setdefault("parameters", []).append(dict(_ONCE))
        if path in _EDITED:
            call["parameters"].append(dict(_SEEN))
    if key in _AS_CSV:
        answers["200"]["content"]["text/csv"] = {"schema": {"type": "string"}}
    if key in EXAMPLES:
        call["requestBody"]["content"]["application/json"]["example"] = EXAMPLES[key]
