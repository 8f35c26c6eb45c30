"""Photos as calls: sent before their note, told as pictures and as nothing else."""

import httpx
import pytest

from controller.history.photos import MOST_BYTES
from tests.history.test_pictures import FORMS, PHOTOS, SECRET
from tests.panel.small_farm import SmallFarm

RAW = {"content-type": "application/octet-stream"}


async def test_a_photo_is_kept_shown_by_a_note_and_told_as_a_picture(operator: httpx.AsyncClient) -> None:
    names = []
    for form in FORMS:
        reply = await operator.post("/api/v1/photos", content=PHOTOS[form], headers=RAW)
        assert reply.status_code == 201
        names.append(reply.json()["name"])
    body = {"change_id": "note-one-1", "text": "two fish died", "photos": names}
    assert (await operator.post("/api/v1/logbook", json=body)).json()["photos"] == names
    assert (await operator.get("/api/v1/logbook")).json()["lines"][0]["photos"] == names
    for name, kind in zip(names, ("image/jpeg", "image/png", "image/webp"), strict=True):
        reply = await operator.get(f"/api/v1/photos/{name}")
        assert (reply.status_code, reply.headers["content-type"]) == (200, kind)
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["content-disposition"] == f'inline; filename="{name[:12]}.{name[65:]}"'
        assert reply.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in reply.headers["content-security-policy"]
        assert SECRET not in reply.content


@pytest.mark.parametrize(
    ("content", "headers", "answer"),
    [
        (b"<svg onload='alert(1)'/>", RAW, (422, "refused.photo_none")),
        (b"\xff\xd8\xff<script>", RAW, (422, "refused.photo_none")),
        (b"", RAW, (422, "refused.photo_none")),
        (PHOTOS["PNG"], {"content-type": "image/png"}, (415, "panel.error.not_a_photo")),
        (PHOTOS["PNG"], {"content-type": "text/plain"}, (415, "panel.error.not_a_photo")),
        (bytes(MOST_BYTES + 1), RAW, (413, "panel.error.too_large")),
    ],
)
async def test_what_is_no_photo_is_refused(
    operator: httpx.AsyncClient, farm: SmallFarm, content: bytes, headers: dict[str, str], answer: tuple[int, str]
) -> None:
    reply = await operator.post("/api/v1/photos", content=content, headers=headers)
    assert (reply.status_code, reply.json()["message"]) == answer
    assert list(farm.state_database.path.parent.glob("photo-*")) == []


async def test_a_note_shows_only_photos_that_are_there(operator: httpx.AsyncClient) -> None:
    name = "a" * 64 + ".jpg"
    for photos, message in (
        ([name], "refused.note_photo"),
        ([name] * 5, "panel.error.invalid"),
        (["../x"], "panel.error.invalid"),
    ):
        reply = await operator.post("/api/v1/logbook", json={"change_id": "note-one-1", "text": "x", "photos": photos})
        assert (reply.status_code, reply.json()["message"]) == (422, message)
    assert (await operator.get(f"/api/v1/photos/{name}")).status_code == 404
