"""What went wrong with a request, as problem+json (RFC 9457) with a message key that any language can tell."""

from collections.abc import Mapping

import orjson
from starlette.requests import Request
from starlette.responses import Response

from foundation.messages import tell


class ProblemError(Exception):
    """Ends a request with a problem. Its words stand in the locales under `key`."""

    def __init__(
        self,
        status: int,
        code: str,
        *,
        key: str = "",
        values: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.key = key or f"panel.error.{code}"
        self.values = dict(values or {})
        self.headers = dict(headers or {})


def language_of(request: Request) -> str:
    """The first of our languages that `Accept-Language` names, by its weights; English if it names none."""
    wanted: list[tuple[float, str]] = []
    for part in request.headers.get("accept-language", "").split(",")[:20]:
        name, _, weight = part.strip().lower().partition(";q=")
        try:
            wanted.append((float(weight or 1.0), name))
        except ValueError:
            continue
    for _, name in sorted(wanted, key=lambda pair: -pair[0]):
        if name.startswith("zh"):
            return "zh-CN"
        if name.startswith("en"):
            return "en"
    return "en"


def problem_response(request: Request, problem: ProblemError) -> Response:
    """The problem as a reply: `message` and `values` for the panel, `title` for whoever reads the reply itself."""
    body = {
        "type": f"urn:farmloop:problem:{problem.code}",
        "title": tell(problem.key, language_of(request), **problem.values),
        "status": problem.status,
        "code": problem.code,
        "message": problem.key,
        "values": problem.values,
    }
    return Response(
        orjson.dumps(body, default=str),
        status_code=problem.status,
        headers=problem.headers,
        media_type="application/problem+json",
    )
