"""Whom alarms reach: people and their channels, who is next when nobody answers, the siren, and the dead man's sign."""

from typing import Literal

from pydantic import Field

from edge_config.model.values import Frozen, Identifier, Moment, Seconds, SecretName, TagName

Priority = Literal["critical", "high", "medium", "low"]


class Quiet(Frozen):
    """From when to when a person sleeps. Critical alarms wake them all the same; others wait for the end."""

    from_: Moment = Field(alias="from")
    to: Moment


class Person(Frozen):
    """Somebody to call. Each of `urls` is a secret that holds one address as apprise writes them."""

    urls: tuple[SecretName, ...]
    languages: tuple[Literal["zh", "en"], ...] = ("zh",)
    quiet: Quiet | None = None


class Step(Frozen):
    """One step of a chain: who is told, how long after the alarm began, how often again until it is acknowledged."""

    to: Identifier
    """Of `people`, or `all`."""
    after: Seconds
    repeat: Seconds | None = None


class Siren(Frozen):
    """An output that sounds while an alarm is not acknowledged."""

    output: TagName
    after: Seconds = 0.0
    priorities: tuple[Priority, ...] = ("critical",)


class DeadMan(Frozen):
    """A sign of life for a watcher outside, given only while the agent is healthy: if it stays away, somebody calls."""

    every: Seconds = 60.0
    file: str | None = None
    """Written anew each time; a path that does not begin with / counts from the agent's directory."""
    url: SecretName | None = None
    """Asked for by GET, as services that watch for it want it."""
    bus: Identifier | None = None
    """A broker: `farm/v1/SITE/$alive` there, retained."""


class Notify(Frozen):
    """Whom an alarm reaches, and when the next one."""

    people: dict[Identifier, Person] = {}
    escalation: dict[Priority, tuple[Step, ...]] = {}
    """Left out for a priority: critical goes to all at once and every five minutes, high to all once, others to none.
    """
    again: Seconds = 900.0
    """A critical alarm that stands so long after somebody acknowledged it begins its chain anew."""
    link: str | None = None
    """Where the panel is reached from the people's phones, `https://farm.example:8443`: messages bring a link that
    shows the alarm and acknowledges it."""
    bus: Identifier | None = None
    """A broker to which every change of an alarm goes: `farm/v1/SITE/$alarm`."""
    siren: Siren | None = None
    dead_man: DeadMan | None = None
