"""Why an output stood as it did at a moment of a simulated day."""

from collections.abc import Callable

from controller.compose.simulate import SETTLE_S, prepare, start_of
from controller.core.explain import Why
from controller.why.card import Cards
from controller.why.journal import WhyJournal
from edge_config.model.site import Site


def explained(
    site: Site, output: str, hours: float, moment: Callable[[float, float], float], seed: int = 1
) -> tuple[Cards, Why]:
    """After 4 h of settling before midnight; `moment` chooses, in farm time, between that and so many hours later.

    Raises FieldError for a wrong simulation section.
    """
    begin_s = start_of(site)
    at_s = moment(begin_s, begin_s + hours * 3600.0)
    simulation = prepare(site, seed, begin_s - SETTLE_S)
    journal = WhyJournal(None, simulation.core, simulation.now_s)
    while simulation.now_s < at_s:
        simulation.step()
        journal.see(simulation.state)
    return journal.cards, journal.now(simulation.state, output)
