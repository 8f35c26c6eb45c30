"""From the site's feeding to its loop: everything looked up and converted once."""

from controller.core.calendar import Calendar
from controller.core.strategies.feeding import FeedingLoop, Row
from edge_config.model.feeding import Feeding


def feeding_loop(name: str, loop: Feeding, calendar: Calendar) -> FeedingLoop:
    """A feeding, ready to run."""
    table = tuple(
        Row(row.mass.to("kg"), tuple((warmth.to("degC"), share.to("%") / 100.0) for warmth, share in row.at))
        for row in loop.table
    )
    belt = None if loop.belt is None else (loop.belt.from_, loop.belt.to, loop.belt.every)
    return FeedingLoop(
        name, loop.out, loop.biomass, loop.mass, loop.temperature, table, loop.stops[0].to("degC"),
        loop.stops[1].to("degC"), loop.meals, belt, loop.rate.to("kg/s"), loop.fed, loop.share, loop.within,
        loop.on_loss.to("kg/d"), calendar, loop.by_hand,
    )  # fmt: skip
