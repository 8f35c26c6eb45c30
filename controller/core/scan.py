"""The scan: `scan(state, snapshot, now) -> ScanResult`, a pure function of its arguments and the built site.

condition -> derive -> rules -> programs -> loops -> interlocks -> arbiter -> actuators -> alarms. One block that
throws is reported and left out; the others go on.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from math import isfinite

from controller.core import person_dose
from controller.core.actuators import Memory, Motor, ThreePointMotor, resumed
from controller.core.alarm_build import alarm_rows, calibrations_due, causes_of
from controller.core.alarms import resumed as alarms_resumed
from controller.core.alarms import standing, step
from controller.core.arbiter import FOREVER, OutputPlan, decide, is_urgent
from controller.core.build import Plan, build
from controller.core.bypass import bypassed, untested
from controller.core.calibrating import Calibrations
from controller.core.condition import Conditioner, Seen
from controller.core.conditions import lost_sensors, unheard_outputs, waiting_for_reset
from controller.core.connections import lost_connections, wired
from controller.core.derive import Expressed, Sum
from controller.core.dosing_guard import MASTER_AFTER_S
from controller.core.first_out import first_outs
from controller.core.flags import doubted_probes, failed_effects, fouled_probes, overdue_calibrations, stale_sensors
from controller.core.hands import LONGEST_HAND_S
from controller.core.in_air import Aired
from controller.core.integration import Mean
from controller.core.loops.dosing_loop import DosingLoop
from controller.core.loops.run import WARM_S, BandLoop, PidLoop
from controller.core.loops.structures import SelectorLoop, StagingLoop
from controller.core.probe_care import ProbeCare
from controller.core.programs import SetpointProgram, Setting
from controller.core.recipe_run import Recipes
from controller.core.rule_switch import kept as switches_kept
from controller.core.self_test import Pulsed, SelfTest
from controller.core.soft_sensors import Estimator
from controller.core.start_up import KEY as START
from controller.core.start_up import StartUp, by_power, read_back, waits
from controller.core.state import Sent, State, from_plain, never_seen, written_s
from controller.core.strategies.feeding import FeedingLoop, underfed
from controller.core.strategies.irrigation_loop import IrrigationLoop, unwatered
from controller.core.trials import TrialMemory, key_of
from controller.core.turn import Turn
from controller.core.vote import Ballot
from controller.core.wishes import Wishes
from controller.core.words import AlarmNow, Because, Command, Demand, Event, Order, ScanResult, Slot, Snapshot
from edge_config.model.site import Site
from foundation.reading import BAD, GOOD, UNCERTAIN, Reading, Reason, Value
from foundation.tag import Tag

RETRY_S = 2.0
"""An order that was not confirmed is sent again no sooner than this, later with every failure."""
UNHEARD_AFTER = 3
_TRIP = Slot.TRIP  # see foundation/reading.py
PROGRAM_PERIOD_S = 10.0


class Core:
    """The built site, bound once."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.plan: Plan = build(site)
        self.tags = self.plan.tags
        self.scan_s = site.site.scan
        self.recipes = Recipes(site, self.plan.programs, {name: tag.unit for name, tag in self.tags.items()})
        self._bypassable = [interlock for interlock in self.plan.interlocks if interlock.bypass_s]
        self._proven = [interlock for interlock in self.plan.interlocks if interlock.test_interval_s is not None]
        self._ruled = {rule.name for rule in self.plan.rules.rules}
        self._checked = {
            loop.name for loop in self.plan.loops if isinstance(loop, PidLoop | BandLoop) and loop.effect is not None
        }
        self._resumed = [loop for loop in self.plan.loops if isinstance(loop, PidLoop | StagingLoop | SelectorLoop)]
        self._dosing = {loop.name: loop for loop in self.plan.loops if isinstance(loop, DosingLoop)}
        self._feeding = [loop for loop in self.plan.loops if isinstance(loop, FeedingLoop)]
        self._watering = [loop for loop in self.plan.loops if isinstance(loop, IrrigationLoop)]
        self._care = ProbeCare(self.plan.conditioners, [one for one in self.plan.derived if isinstance(one, Expressed)])
        self._looked_at = {alarm.name: alarm.needs for alarm in self.plan.alarms} | {
            rule.name: rule.law.needs for rule in self.plan.rules.rules
        }
        self._entered = frozenset(name for name, tag in self.tags.items() if tag.entered)
        self._by_power = by_power(self.plan.outputs.values())
        self._wired = wired(site, self.plan.conditioners)
        self._alarm_rows = alarm_rows(site, self.plan)
        self._causes = causes_of(site, self.plan, self._wired)
        self.calibrations = Calibrations(self.plan.conditioners, calibrations_due(site), self.plan.votes)
        self._wishes = Wishes(self.plan, self.recipes, self._care, self.calibrations, self._alarm_rows, self._checked)
        probes = {probe for vote in self.plan.votes for probe in vote.probes}
        self._other_sensors = [
            name
            for name in self.plan.conditioners
            if name not in self.plan.loop_sensors and name not in probes and not self.tags[name].entered
        ]
        self._measured = {
            one.name: tuple(tag for tag in one.inputs if tag not in self._entered) for one in self.plan.estimators
        }
        self._self_tested = [name for name, one in self.plan.conditioners.items() if one.self_test is not None]
        made = {*self.plan.conditioners, *(derived.name for derived in self.plan.derived)}
        self._late = frozenset(
            {tag for derived in (*self.plan.derived, *self.plan.estimators) for tag in derived.inputs}
            | {integral.source for integral in self.plan.integrals}
        ).difference(made)
        """Setpoints, outputs and sums that derived tags need: made after them, so heard of in the next scan."""

    def start(self, now_s: float, kept: object = None) -> State:
        """The state before the first scan: nothing seen, outputs at their safe positions.

        `kept` is what `to_plain` gave before a restart; what of it cannot be read or is not of this site starts fresh.
        """
        state = from_plain(kept, self.plan.fresh, now_s)
        outputs, blocks = self.plan.outputs, dict(state.blocks)
        for name, plan in outputs.items():
            blocks[name] = resumed(blocks[name], plan.safe.then, now_s)  # type: ignore[arg-type]  # an actuator's
        blocks |= self.plan.rules.restarted(blocks)
        blocks[START] = StartUp(now_s, tuple(self.plan.output_of))
        for name, loop in self._dosing.items():
            blocks[name] = loop.resumed(blocks[name], now_s)
        self.plan.safeguards.resumed(blocks, now_s)
        for name in map(key_of, self.plan.trials):
            trial: TrialMemory = blocks[name]  # type: ignore[assignment]  # a trial's
            if trial.id and not trial.ended:
                blocks[name] = trial._replace(ended="restart", ended_s=now_s)
        # after a long stop the devices stand where they are safe, and a motor where it was left
        away_s = now_s - written_s(kept)
        is_warm = 0.0 <= away_s <= WARM_S
        blocks |= {one.name: one.resumed(blocks[one.name], away_s, now_s) for one in self.plan.sequences}  # type: ignore[arg-type]  # its own
        applied = {name: output.safe.then for name, output in outputs.items()} | {
            name: value
            for name, value in state.applied.items()
            if (name in self.plan.cascaded and is_warm)
            or (name in outputs and 0 <= value <= 100 and (is_warm or isinstance(blocks[name], Motor)))
        }
        if not is_warm:
            blocks |= {loop.name: loop.resumed(blocks[loop.name]) for loop in self._resumed}
        latest_s = now_s + LONGEST_HAND_S
        demands = {
            name: tuple(d._replace(expires_s=min(d.expires_s, latest_s)) for d in kept if d.output == name)
            for name, kept in state.demands.items()
            if name in outputs
        }
        chosen = {name: one for name, one in state.chosen.items() if name in self.plan.programs}
        readings = {name: never_seen(name, now_s) for name in self.tags}
        memories = alarms_resumed(state.alarm_memory, now_s)
        return State(
            at_s=now_s, readings=readings, values=dict.fromkeys(self.tags), blocks=blocks, demands=demands,
            applied=applied, chosen=chosen, moved=frozenset(self.tags), recipes=self.recipes.kept(state.recipes),
            alarms=standing(memories), alarm_memory=memories,
            marks={
                **self.plan.hands.kept(state.marks), **self._care.kept(state.marks),
                **switches_kept(state.marks, self._ruled, now_s),
            },
            doses=state.doses,
            calibrations=self.calibrations.kept(state.calibrations),
        )  # fmt: skip

    def scan(self, state: State, snapshot: Snapshot, now_s: float) -> ScanResult:
        """One scan at farm time `now_s`, not before the state's own. Changes nothing that it is given."""
        now_s = max(now_s, state.at_s)
        turn = Turn(state, now_s)
        self._hear(turn, snapshot)
        if turn.marks:
            self.plan.hands.age(turn)
            self._care.age(turn)
        self._condition(turn, snapshot.readings)
        self._age(turn)
        self._derive(turn)
        self.plan.rules.run(turn)
        for sequence in self.plan.sequences:
            try:
                sequence.run(turn)
            except Exception as error:
                turn.fail(sequence.name, error)
                sequence.give_up(turn)
        if self.plan.siren is not None:
            self.plan.siren.run(turn)
        self._programs(turn, bool(snapshot.people))
        for loop in self.plan.loops:
            try:
                loop.run(turn)
            except Exception as error:
                turn.fail(loop.name, error)
                loop.give_up(turn)
        for trial in self.plan.trials.values():
            try:
                trial.run(turn)
            except Exception as error:
                turn.fail(trial.loop.name, error)
                trial.end(turn, "broken")
        for interlock in self.plan.interlocks:
            try:
                interlock.run(turn)
            except Exception as error:
                turn.fail(interlock.name, error)
                interlock.insist(turn, True)
        first_outs(turn, self.plan.interlock_groups)
        self.plan.safeguards.run(turn)
        self.plan.hands.insist(turn)  # last: what is locked out is started by no safeguard either
        self._outputs(turn)
        person_dose.settle(turn)
        read_back(turn, snapshot.readings, self.plan.output_of)
        self._alarms(turn)
        turn.late = self._late & turn.fresh
        return ScanResult(
            turn.state(),
            turn.orders,
            tuple(turn.commands),
            tuple(turn.changed),
            tuple(turn.events),
            turn.alarms,
        )

    # --- what was told

    def _hear(self, turn: Turn, snapshot: Snapshot) -> None:
        for tag, ok, why in snapshot.written:
            sent = turn.sent.get(tag)
            if sent is not None:
                turn.sent[tag] = Sent(sent.value, sent.at_s, ok, 0 if ok else sent.failures + 1)
                if sent.failures or not ok:
                    turn.disturbed.add(tag)
                if not ok and sent.failures + 1 == UNHEARD_AFTER:
                    turn.events.append(Event(turn.now_s, "order_unheard", tag, {"why": why or ""}))
        self._wishes.hear(turn, snapshot.people)

    # --- the image

    def _condition(self, turn: Turn, readings: tuple[Reading, ...]) -> None:
        for reading in readings:
            tag = reading.tag
            conditioner = self.plan.conditioners.get(tag)
            if conditioner is None:
                continue  # read-backs of outputs, and tags that the site does not have
            if turn.marks and self._care.told(turn, reading):
                continue
            kept = turn.readings[tag]
            late = reading.time_s < kept.time_s and _is_late(reading, kept, conditioner.tag, turn.now_s)
            if late and not conditioner.tag.entered:  # what people enter is told when it stands, and may be put right
                continue  # older than what stands there: late news change nothing
            key = conditioner.key
            before: Seen = turn.blocks[key]  # type: ignore[assignment]  # a tag's block is a Seen
            if reading.time_s == kept.time_s and conditioner.is_known(before, reading):
                continue  # a logger tells its row until it has the next: what was found of it stands
            made = self.calibrations.standing(turn.calibrations, tag) if turn.calibrations else None
            try:
                seen, conditioned = conditioner.condition(before, reading, turn.now_s, turn.values, made)
            except Exception as error:  # what no driver should say
                turn.fail(key, error)
                turn.see(Reading(tag, None, BAD, Reason.WRONG_TYPE, turn.now_s))
                continue
            turn.blocks[key] = seen
            if conditioner.special:
                conditioned = self._marked(turn, conditioner, seen, reading, conditioned)
            turn.see(conditioned)

    def _marked(self, turn: Turn, conditioner: Conditioner, seen: Seen, told: Reading, conditioned: Reading) -> Reading:
        """The reading as its vote sees it; what stood there before calibration is recorded beside it."""
        if conditioner.raw_tag is not None and seen.told is not None:
            raw = seen.told * conditioner.scale
            turn.see(_finite(Reading(conditioner.raw_tag, raw, told.quality, told.reason, told.time_s)))
        if conditioner.self_test is not None:
            conditioned = self._tested(turn, conditioner.self_test, seen, conditioned)
        number = conditioned.number
        if conditioner.in_air is not None and number is not None:
            key = f"{conditioned.tag}#air"
            aired: Aired = turn.blocks[key]  # type: ignore[assignment]  # what its `fresh` is
            turn.blocks[key] = conditioner.in_air.step(aired, number, turn.readings, turn.now_s)
        if number is not None and self._is_in_air(turn, conditioner):
            conditioned = conditioned._replace(quality=BAD, reason=Reason.IN_AIR)
        if conditioner.vote is not None and conditioned.quality is GOOD:
            vote, place = conditioner.vote
            ballot: Ballot = turn.blocks[vote]  # type: ignore[assignment]  # a vote's block is a Ballot
            if ballot.probes[place].dropped:
                return conditioned._replace(quality=UNCERTAIN, reason=Reason.DRIFT)
        return conditioned

    def _is_in_air(self, turn: Turn, conditioner: Conditioner) -> bool:
        """Whether this probe lies in the air, or that whose thermometer it is."""
        probes = conditioner.beside if conditioner.in_air is None else (conditioner.tag.name, *conditioner.beside)
        blocks: list[Aired] = [turn.blocks[f"{probe}#air"] for probe in probes]  # type: ignore[misc]  # their `fresh`
        return any(block.held.on for block in blocks)

    def _tested(self, turn: Turn, test: SelfTest, seen: Seen, conditioned: Reading) -> Reading:
        """The reading as the probe's test by cleaning lets it pass."""
        key = f"{conditioned.tag}#test"
        block: Pulsed = turn.blocks[key]  # type: ignore[assignment]  # what its `fresh` is
        cleaning = turn.applied.get(test.of, 0.0) > 0.0
        said = seen.raw[-1] if seen.raw else None
        turn.blocks[key], conditioned, verdict = test.step(block, conditioned, said, cleaning, turn.now_s)
        if verdict is not None:
            turn.events.append(Event(turn.now_s, "self_test", conditioned.tag, verdict._asdict()))
        return conditioned

    def _age(self, turn: Turn) -> None:
        now_s, readings = turn.now_s, turn.readings
        for tag, stale_s in self.plan.ageing:
            reading = readings[tag]
            if now_s - reading.time_s > stale_s and reading.quality is not BAD:
                turn.see(Reading(tag, None, BAD, Reason.STALE, now_s))

    def _derive(self, turn: Turn) -> None:
        changed, now_s = turn.fresh, turn.now_s
        for derived in self.plan.derived:
            if not changed.isdisjoint(derived.inputs):
                try:
                    if isinstance(derived, Expressed):
                        reading = derived.reading(turn.readings, turn.values, now_s)
                    else:
                        ballot: Ballot = turn.blocks[derived.name]  # type: ignore[assignment]  # what its `fresh` is
                        turn.blocks[derived.name], reading = derived.step(ballot, turn.readings, now_s)
                except Exception as error:
                    turn.fail(derived.name, error)
                    reading = Reading(derived.name, None, BAD, Reason.INPUT, now_s)
                turn.see(_finite(reading))
        turn.fresh = set()
        overtaken = [one for one in turn.changed if one.tag in self._entered and self._is_overtaken(turn, one)]
        for estimator in self.plan.estimators:
            if not estimator.inputs or not changed.isdisjoint(estimator.inputs) or self._is_deaf(turn, estimator.name):
                samples = [one for one in overtaken if one.tag in estimator.inputs]
                images = [{**turn.readings, one.tag: one} for one in samples]
                self._estimate(turn, estimator, [*images, turn.readings])
        for integral in self.plan.integrals:
            block: Sum = turn.blocks[integral.name]  # type: ignore[assignment]  # an integral's block is a Sum
            if integral.is_due(block, integral.source in changed, now_s):
                try:
                    turn.blocks[integral.name], reading = integral.step(block, turn.readings[integral.source], now_s)
                except Exception as error:
                    turn.fail(integral.name, error)
                    reading = Reading(integral.name, None, BAD, Reason.INPUT, now_s)
                turn.see(_finite(reading))

    def _is_deaf(self, turn: Turn, estimator: str) -> bool:
        """Whether it still tells something though nothing that it measures is known: silence is no news, and its word
        must not outlive it."""
        readings = turn.readings
        return readings[estimator].quality is not BAD and all(
            readings[tag].quality is BAD for tag in self._measured[estimator]
        )

    def _is_overtaken(self, turn: Turn, sample: Reading) -> bool:
        """Whether more of what people entered came after it in the same scan: a soft sensor learns from each."""
        stands = turn.readings[sample.tag]
        return sample is not stands and stands.reason is not Reason.STALE

    def _estimate(self, turn: Turn, estimator: Estimator, images: Sequence[Mapping[str, Reading]]) -> None:
        """Steps it with one image after the other; what it says at last is what is seen."""
        name, now_s = estimator.name, turn.now_s
        reading: Reading | None = None
        for image in images:
            try:
                made = estimator.step(turn.blocks[name], image, turn.blocks, now_s)
            except Exception as error:
                turn.fail(name, error)
                turn.blocks[name] = self.plan.fresh[name]
                made = turn.blocks[name], Reading(name, None, BAD, Reason.INPUT, now_s)
            if made is not None:
                turn.blocks[name], reading = made
        if reading is not None:
            before = turn.readings[name]
            if reading.quality or before.quality or before.reason is not reading.reason:  # what stays BAD is told once
                turn.see(_finite(reading))

    # --- what is wanted

    def _programs(self, turn: Turn, asked: bool) -> None:
        now_s = turn.now_s
        self.recipes.advance(turn)
        for name in self.plan.programs:
            block: Setting = turn.blocks[name]  # type: ignore[assignment]  # a program's block is a Setting
            if not asked and block.ramped is not None and now_s - block.at_s < PROGRAM_PERIOD_S:
                continue
            try:
                program = self.recipes.program(name, turn.recipes)
                new, value = program.step(
                    block, turn.chosen.get(name), turn.values, now_s, turn.influences.get(name, 0.0),
                    self._integrated(turn, name, program),
                )  # fmt: skip
            except Exception as error:  # its setpoint stays as it is
                turn.fail(name, error)
                continue
            turn.blocks[name] = new
            self._set(turn, name, value)
        for name, (low, high) in self.plan.cascaded.items():
            value = min(max(turn.applied.get(name, low), low), high)
            turn.applied[name] = value
            self._set(turn, name, value)

    def _integrated(self, turn: Turn, name: str, program: SetpointProgram) -> float:
        """What a setpoint is moved by so that the mean of its value comes out as it is wanted."""
        integration = self.plan.integrations.get(name)
        if integration is None:
            return 0.0
        chosen, key = turn.chosen.get(name), f"{name}#mean"
        block: Mean = turn.blocks[key]  # type: ignore[assignment]  # an integration's block is a Mean
        base = program.target(chosen, turn.values, turn.now_s)
        made = integration.step(block, turn.values, turn.now_s, base, partial(program.mean, chosen))
        turn.blocks[key], shift = made
        return shift

    def _set(self, turn: Turn, name: str, value: float) -> None:
        if turn.values.get(name) != value:
            turn.see(Reading(name, value, GOOD, None, turn.now_s))

    # --- what goes out

    def _outputs(self, turn: Turn) -> None:
        """Decide every output for which something is new or due; of the others the last order stands."""
        now_s, demands, before = turn.now_s, turn.demands, turn.old.demands
        wake_s, renew_s, bounds = turn.wake_s, turn.renew_s, turn.bounds
        disturbed = {self.plan.output_of[tag] for tag in turn.disturbed if tag in self.plan.output_of}
        for plan in self._by_power:
            name = plan.name
            if (
                now_s < wake_s.get(name, 0.0)
                and demands.get(name) is before.get(name)
                and name not in bounds
                and name not in disturbed
            ):
                if now_s >= renew_s[name]:
                    self._renew(turn, plan)
                continue
            try:
                self._order(turn, plan)
            except Exception as error:  # not commanded any more: its device goes safe when the lease is over
                turn.fail(name, error)

    def _order(self, turn: Turn, plan: OutputPlan) -> None:
        name, now_s = plan.name, turn.now_s
        order: Order = self.plan.safeguards.passed(turn, decide(plan, turn))
        turn.orders[name] = order
        urgent, firm = is_urgent(order, plan), order.slot <= _TRIP
        new: Memory
        if firm and order.slot is Slot.LOCK_OUT and isinstance(plan.actuator, ThreePointMotor):
            new, (contacts, applied) = plan.actuator.stand(turn.blocks[name], now_s)  # type: ignore[arg-type]  # its own
        else:
            new, (contacts, applied) = plan.actuator.step(turn.blocks[name], order.value, now_s, urgent)  # type: ignore[arg-type]
        waiting = waits(turn, plan, new, self.site.site.motor_starts)
        if waiting:
            new, (contacts, applied) = plan.actuator.step(turn.blocks[name], 0.0, now_s, urgent)  # type: ignore[arg-type]
        turn.blocks[name] = new
        if plan.master is not None and (applied > 0.0 or turn.applied.get(name, 0.0) > 0.0):
            because = Because("master", {"output": name})
            turn.demand(Demand(plan.master, 100.0, Slot.LOOP, name, because, now_s + MASTER_AFTER_S))
        turn.applied[name] = applied
        heard, wake_s, renew_s = True, plan.actuator.wake_s(new, order.value), FOREVER  # type: ignore[arg-type]
        for tag, value in contacts.items():
            failures, again_s = self._send(turn, plan, tag, value)
            heard = heard and failures < UNHEARD_AFTER
            renew_s = min(renew_s, again_s)
        if firm or waiting or (plan.safe.hold_s > 0 and order.slot is Slot.IDLE):
            wake_s = now_s  # what stands behind these can end without a demand changing
        if name in self.plan.safeguards.guards:
            wake_s = min(wake_s, self.plan.safeguards.wake_s(turn, name))
        for demand in turn.demands.get(name, ()):
            wake_s = min(wake_s, demand.expires_s)
        turn.wake_s[name], turn.renew_s[name] = wake_s, renew_s
        before = turn.readings[name]
        quality, reason = (GOOD, None) if heard else (UNCERTAIN, Reason.COMM)
        if before.value != applied or before.quality is not quality:
            turn.see(Reading(name, applied, quality, reason, now_s))

    def _renew(self, turn: Turn, plan: OutputPlan) -> None:
        """Send again what is due of an output that otherwise stands as it is."""
        name, demands, stands = plan.name, turn.demands.get(plan.name), turn.orders[plan.name]
        expires_s = turn.now_s + plan.lease_s
        if demands and demands[0].expires_s < expires_s:
            expires_s = demands[0].expires_s
        turn.orders[name] = Order(name, stands.value, stands.slot, stands.owner, stands.because, expires_s)
        renew_s = FOREVER
        for tag in plan.device_tags:
            _, again_s = self._send(turn, plan, tag, turn.sent[tag].value)
            renew_s = min(renew_s, again_s)
        turn.renew_s[name] = renew_s

    def _send(self, turn: Turn, plan: OutputPlan, tag: str, value: Value) -> tuple[int, float]:
        """Command a device tag if it is new, due for renewal, or was not heard: its failures, and when it is due."""
        now_s, sent, wait_s = turn.now_s, turn.sent.get(tag), plan.lease_s / 3
        failures = sent.failures if sent is not None else 0
        if failures:
            wait_s = min(RETRY_S * 2 ** min(failures, 6), wait_s)
        wait_s -= 1e-3
        if sent is not None and sent.value == value and now_s - sent.at_s < wait_s:
            return failures, sent.at_s + wait_s
        turn.sent[tag] = Sent(value, now_s, False, failures)
        turn.commands.append(Command(tag, value, plan.name, now_s + plan.lease_s))
        return failures, now_s + wait_s

    def _alarms(self, turn: Turn) -> None:
        alarms: list[AlarmNow] = []
        for alarm in self.plan.alarms:
            try:
                alarm_now = alarm.run(turn)
            except Exception as error:
                turn.fail(alarm.name, error)
                alarm_now = AlarmNow(alarm.name, alarm.priority, True, turn.now_s, {"bad": True})
            if alarm_now is not None:
                alarms.append(alarm_now)
        alarms += self.plan.rules.alarms(turn)
        alarms += [told for sequence in self.plan.sequences if (told := sequence.alarm(turn)) is not None]
        alarms += lost_connections(turn, self._wired)
        alarms += lost_sensors(turn, self.plan.loop_sensors)
        alarms += doubted_probes(turn, self.plan.votes)
        alarms += fouled_probes(turn, self._self_tested)
        alarms += failed_effects(turn, self._checked)
        alarms += underfed(turn, self._feeding)
        alarms += unwatered(turn, self._watering)
        alarms += unheard_outputs(turn, self.plan.output_of, UNHEARD_AFTER)
        alarms += bypassed(turn, self._bypassable)
        alarms += untested(turn, self._proven)
        alarms += self.plan.safeguards.alarms(turn)
        alarms += waiting_for_reset(turn, self.plan.interlocks, self._dosing)
        alarms += stale_sensors(turn, self._other_sensors)
        alarms += overdue_calibrations(turn, self.calibrations.due)
        alarms += self.plan.hands.alarms(turn)
        self._tell(turn, self._care.quiet(turn, alarms, self._looked_at) if turn.marks else alarms)

    def _tell(self, turn: Turn, alarms: list[AlarmNow]) -> None:
        """What stands goes through the table of states: people see what comes out of it."""
        memories, now_s = turn.alarm_memory, turn.now_s
        if not alarms and not turn.old.alarms and not turn.alarm_wishes:
            return
        raised = {
            one.id: one
            for one in alarms
            if (one.id in memories and memories[one.id].state != "normal") or not self._causes.waits(turn, one)
        }
        explained = self._causes.explain(turn, raised)
        told = step(
            self._alarm_rows, memories, turn.old.alarms, raised.values(), explained, turn.alarm_wishes, now_s
        )  # fmt: skip
        turn.alarm_memory, turn.alarms = told.memories, told.alarms
        turn.events += told.events


def _is_late(reading: Reading, kept: Reading, tag: Tag, now_s: float) -> bool:
    """Whether a reading that is older than what stands in the image was really overtaken by it."""
    if kept.reason in (Reason.STALE, Reason.CLOCK, Reason.COMM):
        # that was dated by us, not by the source
        return tag.stale_s is not None and now_s - reading.time_s > tag.stale_s
    # a source whose clock is a little ahead must not hide that it fails now
    return kept.reason is not Reason.NEVER_SEEN and kept.time_s <= now_s


def _finite(reading: Reading) -> Reading:
    """What is computed may overflow: then there is no number."""
    if isinstance(reading.value, float) and not isfinite(reading.value):
        return reading._replace(value=None, quality=BAD, reason=Reason.NOT_FINITE)
    return reading
