"""Writes that are done once: what came with an `Idempotency-Key` and was answered is answered the same again."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from controller.panel.problems import ProblemError
from foundation.clock import process_time

HEADER: Final = "idempotency-key"
KEPT_S: Final = 24 * 3600.0
MOST_KEPT, MOST_BYTES = 1000, 256 * 1024
"""Answers, and how long one may be: what is longer is done again, which `change_id` in its body takes care of."""
_KEY: Final = re.compile(r"[\x21-\x7e]{8,128}")


@dataclass(slots=True)
class Answer:
    """What was answered to a request; `messages` are empty while it is being worked out."""

    of: bytes
    """Digest of the request."""
    at_s: float
    messages: list[Message] = field(default_factory=list)


class Once:
    """Of all who ask, each with their own keys. Only what was done is kept: what was refused may be tried anew."""

    def __init__(self, clock: Callable[[], float] = process_time) -> None:
        self._clock = clock
        self._answers: dict[tuple[str, str], Answer] = {}

    def place(self, request: Request, who: str, body: bytes) -> tuple[tuple[str, str], Answer] | None:
        """Where the answer is kept or goes; None without a key. Raises ProblemError for a key that is none, is of
        another request, or is being worked on."""
        key = request.headers.get(HEADER)
        if key is None:
            return None
        if not _KEY.fullmatch(key):
            raise ProblemError(422, "idempotency_key")
        self._forget()
        said = f"{request.method} {request.scope['path']}?{request.scope['query_string'].decode('latin-1')}\n"
        of = sha256(said.encode() + body).digest()
        place, known = (who, key), self._answers.get((who, key))
        if known is None:
            known = self._answers[place] = Answer(of, self._clock())
        elif known.of != of:
            raise ProblemError(422, "idempotency_other")
        elif not known.messages:
            raise ProblemError(409, "idempotency_running")
        return place, known

    async def answer(
        self, place: tuple[str, str], answer: Answer, app: Callable[[Scope, Receive, Send], object], scope: Scope,
        receive: Receive, send: Send,
    ) -> None:  # fmt: skip
        """Sends what was answered before, or works it out and keeps it."""
        if answer.messages:
            for message in answer.messages:
                await send(dict(message))
            return
        heard: list[Message] = []

        async def keep(message: Message) -> None:
            heard.append(message)
            await send(dict(message))

        try:
            await app(scope, receive, keep)  # type: ignore[misc]  # an ASGI application gives an awaitable
        finally:
            size = sum(len(message.get("body", b"")) for message in heard)
            is_whole = bool(heard) and heard[-1]["type"] == "http.response.body" and not heard[-1].get("more_body")
            if is_whole and heard[0]["status"] < 400 and size <= MOST_BYTES:
                answer.messages = [_copy(message) for message in heard]
            else:
                self._answers.pop(place, None)

    def _forget(self) -> None:
        oldest_s = self._clock() - KEPT_S
        while self._answers:
            place, answer = next(iter(self._answers.items()))
            if answer.at_s > oldest_s and len(self._answers) < MOST_KEPT:
                return
            del self._answers[place]


def _copy(message: Message) -> Message:
    """The message, marked as a repetition of an answer that was given."""
    if message["type"] != "http.response.start":
        return message
    # a cookie is handed out once
    headers = [one for one in message["headers"] if one[0].lower() != b"set-cookie"]
    return {**message, "headers": [*headers, (b"idempotency-replayed", b"true")]}
