"""What `{block: dosing, in: FACILITY}` of an interlock means: the outputs of that function, there."""

from edge_config.model.feeding import Feeding
from edge_config.model.outputs import Pulse
from edge_config.model.site import Site


def blocked(site: Site, function: str, place: str) -> tuple[str, ...]:
    """Outputs of a facility (or `facility.zone`) that dose or feed: those that say so, every `pulse` output, and what a
    `feeding` loop writes. What keeps alive is never among them."""
    fed = {loop.out for loop in site.loops.values() if isinstance(loop, Feeding)}
    return tuple(
        name
        for name, output in site.outputs.items()
        if f"{name}.".startswith(f"{place}.")
        and not output.life_support
        and (
            output.function == function
            or (function == "dosing" and isinstance(output, Pulse) and output.function is None)
            or (function == "feeding" and name in fed)
        )
    )
