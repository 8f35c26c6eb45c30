"""What is around the loops: the place's time, sinks, the panel's address, the simulation."""

from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from edge_config.checks.inspection import Inspection
from edge_config.model.sinks import FileSink, InfluxSink, Sink, Tls
from edge_config.wording import listed, nearest
from foundation.document import Path_

WEATHER = "weather"


def check_surroundings(inspection: Inspection) -> None:
    """E430, E432 to E435, E439, W306, W332."""
    site = inspection.site
    inspection.positive(("site", "scan"), site.site.scan)
    try:
        ZoneInfo(site.site.timezone)
    except (KeyError, ValueError, OSError):
        inspection.note("E430", ("site", "timezone"), near=nearest(site.site.timezone, available_timezones()))
    for name, sink in site.sinks.items():
        _sink(inspection, ("sinks", name), sink)
    host, _, port = site.panel.listen.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) < 65536):
        inspection.note("E434", ("panel", "listen"))
    for name in site.simulation:
        if name not in site.facilities and name != WEATHER:
            near = nearest(name, site.facilities)
            inspection.note("W306", ("simulation", name), key=True, near=near, known=listed(site.facilities))


def _sink(inspection: Inspection, path: Path_, sink: Sink) -> None:
    if isinstance(sink, FileSink):
        return
    schemes = ("http", "https") if isinstance(sink, InfluxSink) else ("mqtt", "mqtts")
    try:
        url = urlsplit(sink.url)
        fits = url.scheme in schemes and bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        url, fits = urlsplit(""), False
    if not fits:
        inspection.note("E432", (*path, "url"), scheme=schemes[0])
    elif url.username is not None or url.password is not None:
        inspection.note("E435", (*path, "url"), found="…")
    elif sink.tls != Tls() and url.scheme != schemes[1]:
        inspection.note("E439", (*path, "tls"), key=True, scheme=schemes[1])
    if not sink.tls.verify:
        inspection.note("W332", (*path, "tls", "verify"))
    wanted: dict[str, bool] = {}
    if isinstance(sink, InfluxSink):
        if sink.dialect == "v2":
            wanted = {"org": bool(sink.org), "bucket": bool(sink.bucket or sink.database)}
            wanted["token"] = sink.token is not None
        elif sink.dialect in ("v1", "v3"):
            wanted = {"database": bool(sink.database or sink.bucket)}
    if sink.password is not None:
        wanted["username"] = sink.username is not None
    if sink.username is not None:
        wanted["password"] = sink.password is not None
    for key, there in wanted.items():
        if not there:
            spoken = sink.dialect if isinstance(sink, InfluxSink) else sink.type
            inspection.note("E433", path, key=True, missing=key, dialect=spoken)
