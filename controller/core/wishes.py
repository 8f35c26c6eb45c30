"""What people ask for: each wish goes to what answers for it, or is refused with a reason that is told."""

from collections.abc import Collection, Iterable, Mapping
from math import isfinite

from controller.core import person_dose
from controller.core.alarms import Row
from controller.core.build import Plan
from controller.core.bypass import hear_bypass, hear_proof_test
from controller.core.calibrating import Calibrations
from controller.core.loops.dosing_loop import DosingLoop
from controller.core.loops.effect import Strain
from controller.core.loops.run import PidBlock, SimpleBlock
from controller.core.probe_care import ProbeCare
from controller.core.recipe_run import Recipes
from controller.core.rule_switch import hear_switch
from controller.core.siren import silence
from controller.core.state import Chosen
from controller.core.strategies.irrigation_loop import IrrigationLoop
from controller.core.trials import TrialMemory, key_of
from controller.core.turn import Turn
from controller.core.words import (
    AlarmWish,
    Because,
    Bypass,
    Calibrate,
    Dose,
    EmergencyStop,
    Event,
    LockOut,
    LockOutEnd,
    Maintain,
    MaintainEnd,
    Override,
    ProofTest,
    RecipeEdit,
    RecipeStage,
    RecipeStart,
    RecipeStop,
    Reset,
    RuleSwitch,
    SequenceWish,
    SetpointChange,
    Silence,
    Trial,
    TrialEnd,
    Wish,
)


class Wishes:
    """Hears them for the scan. `checked` are the loops whose effect is looked at."""

    def __init__(
        self,
        plan: Plan,
        recipes: Recipes,
        care: ProbeCare,
        calibrations: Calibrations,
        alarm_rows: Mapping[str, Row],
        checked: Collection[str],
    ) -> None:
        self._plan, self._recipes, self._calibrations = plan, recipes, calibrations
        self._care, self._alarm_rows, self._checked = care, alarm_rows, checked
        self._interlocks = {interlock.name: interlock for interlock in plan.interlocks}
        self._latched = {interlock.name for interlock in plan.interlocks if interlock.latch}
        self._ruled = {rule.name for rule in plan.rules.rules}
        self._sequences = {sequence.name for sequence in plan.sequences}
        self._dosing = {loop.name: loop for loop in plan.loops if isinstance(loop, DosingLoop)}
        self._watering = {loop.name: loop for loop in plan.loops if isinstance(loop, IrrigationLoop)}

    def hear(self, turn: Turn, people: Iterable[Wish]) -> None:
        """What they ask for in this scan, in order. One that throws is refused; the others go on."""
        for wish in people:
            try:
                self._hear(turn, wish)
            except Exception as error:
                turn.fail(type(wish).__name__, error)
                values = {"id": wish.id, "by": wish.by, "why": "wish_failed", "error": repr(error)}
                # the second field of every wish is what it is about
                turn.events.append(Event(turn.now_s, "refused", wish[1], values))

    def _hear(self, turn: Turn, wish: Wish) -> None:
        match wish:
            case SetpointChange():
                self._setpoint(turn, wish)
            case Override():
                self._plan.hands.take(turn, wish)
            case EmergencyStop():
                self._plan.hands.stop(turn, wish)
            case LockOut():
                self._plan.hands.lock(turn, wish)
            case LockOutEnd():
                self._plan.hands.unlock(turn, wish)
            case Maintain():
                self._care.begin(turn, wish)
            case MaintainEnd():
                self._care.end(turn, wish)
            case Reset():
                self._reset(turn, wish)
            case AlarmWish():
                turn.alarm_wishes.append(wish)
            case Silence():
                silence(turn, wish, self._plan.siren)
            case Dose():
                person_dose.hear(turn, wish, self._plan.safeguards.guards)
            case RuleSwitch():
                hear_switch(turn, wish, self._ruled)
            case SequenceWish():
                self._sequence(turn, wish)
            case Trial() | TrialEnd():
                self._trial(turn, wish)
            case Calibrate():
                self._calibrations.hear(turn, wish)
            case Bypass():
                hear_bypass(turn, wish, self._interlocks)
            case ProofTest():
                hear_proof_test(turn, wish, self._interlocks)
            case RecipeStart() | RecipeStage() | RecipeEdit() | RecipeStop():
                self._recipes.hear(turn, wish)

    def _reset(self, turn: Turn, wish: Reset) -> None:
        """A latched interlock and a sequence answer for themselves; totals and positions are not reset."""
        values: dict[str, object] = {"id": wish.id, "by": wish.by}
        if wish.subject in self._alarm_rows and self._alarm_rows[wish.subject].latch:
            turn.alarm_wishes.append(AlarmWish(wish.id, "reset", wish.subject, wish.by, wish.time_s))
        elif wish.subject in self._plan.hands.stops:
            self._plan.hands.release(turn, wish)
        elif (
            wish.subject in self._latched
            or (wish.subject in self._ruled and turn.blocks[wish.subject].spent)  # type: ignore[attr-defined]
            or (wish.subject in self._sequences and turn.blocks[wish.subject].phase != "ready")  # type: ignore[attr-defined]
        ):
            turn.resets[wish.subject] = wish
        elif wish.subject in self._dosing:
            turn.blocks[wish.subject] = self._plan.fresh[wish.subject]
            for pump in self._dosing[wish.subject].outputs:
                self._plan.safeguards.forgive(turn, pump)
            turn.events.append(Event(turn.now_s, "reset", wish.subject, values))
        elif wish.subject in self._watering:
            kept = turn.blocks[wish.subject]
            turn.blocks[wish.subject] = self._watering[wish.subject].reset(kept)
            turn.events.append(Event(turn.now_s, "reset", wish.subject, values))
        elif wish.subject in self._checked:
            block: PidBlock | SimpleBlock = turn.blocks[wish.subject]  # type: ignore[assignment]  # a checked loop's
            turn.blocks[wish.subject] = block._replace(strain=Strain())
            turn.events.append(Event(turn.now_s, "reset", wish.subject, values))
        elif not self._plan.safeguards.reset(turn, wish):
            turn.events.append(Event(turn.now_s, "refused", wish.subject, {**values, "why": "not_resettable"}))

    def _sequence(self, turn: Turn, wish: SequenceWish) -> None:
        """Told to the sequence, which answers for itself."""
        if wish.sequence in self._sequences:
            turn.sequences.setdefault(wish.sequence, []).append(wish)
            return
        values = {"id": wish.id, "by": wish.by, "why": "sequence_none", "sequence": wish.sequence,
                  "known": ", ".join(sorted(self._sequences))}  # fmt: skip
        turn.events.append(Event(turn.now_s, "refused", wish.sequence, values))

    def _setpoint(self, turn: Turn, wish: SetpointChange) -> None:
        program = self._plan.programs.get(wish.setpoint)
        values: dict[str, object] = {"id": wish.id, "by": wish.by, "value": wish.value}
        if program is None or not program.settable:
            turn.events.append(Event(turn.now_s, "refused", wish.setpoint, {**values, "why": "not_settable"}))
        elif not isfinite(wish.value) or not program.low <= wish.value <= program.high:
            limits = {"why": "limits", "low": program.low, "high": program.high}
            turn.events.append(Event(turn.now_s, "refused", wish.setpoint, {**values, **limits}))
        else:
            before = turn.values.get(wish.setpoint)
            turn.chosen[wish.setpoint] = Chosen(wish.value, wish.by, turn.now_s)
            told = {**values, "before": before, "after": wish.value}
            turn.events.append(Event(turn.now_s, "setpoint_changed", wish.setpoint, told))

    def _trial(self, turn: Turn, wish: Trial | TrialEnd) -> None:
        runner, name = self._plan.trials.get(wish.loop), wish.loop
        values: dict[str, object] = {"id": wish.id, "by": wish.by}
        if runner is None:
            refusal: Because | None = Because("trial_loop", {"loop": name, "loops": ", ".join(self._plan.trials)})
        else:
            memory: TrialMemory = turn.blocks[key_of(name)]  # type: ignore[assignment]  # a trial's
            runs = bool(memory.id) and not memory.ended
            if isinstance(wish, TrialEnd):
                refusal = None if runs else Because("trial_none", {"loop": name})
                if runs:
                    runner.end(turn, "stopped")
            elif wish.goes_on and not runs:
                refusal = Because("trial_none", {"loop": name})
            elif runs:
                refusal = None if memory.by == wish.by else Because("trial_running", {"loop": name, "by": memory.by})
                if refusal is None:
                    turn.blocks[key_of(name)] = memory._replace(renewed_s=turn.now_s)
            else:
                refusal = runner.refusal(turn, wish)
                if refusal is None:
                    turn.blocks[key_of(name)] = runner.begun(turn, wish)
        if refusal is not None:
            turn.events.append(Event(turn.now_s, "refused", name, {**values, "why": refusal.key, **refusal.values}))
        else:
            turn.events.append(Event(turn.now_s, "trial" if isinstance(wish, Trial) else "trial_stopped", name, values))
