"""Photos for the logbook, as calls: one is sent before the note that shows it, and is only ever told as what it is."""

from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI, Request, Response

from controller.core.words import Because
from controller.panel.farm import Farm
from controller.panel.permissions import PHOTOS_PATH
from controller.panel.problems import ProblemError
from controller.panel.replies import json_reply
from controller.panel.shapes import ProblemShape

RAW: Final = "application/octet-stream"
TYPES: Final = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


@dataclass(frozen=True, slots=True)
class PhotoShape:
    name: str
    """For a note's `photos`, and under `/api/v1/photos/`."""


class PhotoCalls:
    """The calls, bound to one farm."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm

    def add_to(self, app: FastAPI) -> None:
        """Puts every call under its path."""
        binary = {"schema": {"type": "string", "format": "binary"}}
        body = {"required": True, "content": {RAW: binary}}
        app.add_api_route(
            PHOTOS_PATH, self.keep, methods=["POST"], status_code=201, response_class=Response,
            responses={201: {"model": PhotoShape}, "default": {"model": ProblemShape}},
            openapi_extra={"requestBody": body},
        )  # fmt: skip
        pictures = {kind: binary for kind in TYPES.values()}
        app.add_api_route(
            f"{PHOTOS_PATH}/{{name}}", self.photo, methods=["GET"], response_class=Response,
            responses={200: {"description": "The picture", "content": pictures}, "default": {"model": ProblemShape}},
        )  # fmt: skip

    async def keep(self, request: Request) -> Response:
        """Keeps a photo (JPEG, PNG or WebP, up to 4 MB) for a note, without where it was taken; answers once it is on
        the disk. What no note shows after a day is forgotten."""
        if request.headers.get("content-type", "").lower() != RAW:
            raise ProblemError(415, "not_a_photo")
        answer = await self._farm.keep_photo(await request.body())
        if isinstance(answer, Because):
            raise ProblemError(422, "refused", key=f"refused.{answer.key}", values=answer.values)
        return json_reply(PhotoShape(answer), 201)

    async def photo(self, name: str) -> Response:
        """A photo, by the name that it was given when it was kept."""
        data = await self._farm.photo(name)
        if data is None:
            raise ProblemError(404, "not_found")
        digest, _, kind = name.rpartition(".")
        told = {"content-disposition": f'inline; filename="{digest[:12]}.{kind}"'}
        return Response(data, media_type=TYPES[kind], headers=told)
