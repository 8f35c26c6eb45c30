"""gl-gym 0.3.2 under its own rules: run by the interpreter of its environment.

`python peer_gl_gym.py DAYS` prints as its last line one JSON document: the seconds of CPU of its environment and of
its compiled integrator alone, and of every step of 900 s the weather, the controls, and the state at its end. It
imports nothing of ours: it may run on another numpy.
"""

import json
import sys
import time
from typing import Any

STEP_S = 900.0


def main(days: float) -> None:
    import casadi
    import gl_gym  # noqa: F401  # registers its environment
    import gymnasium
    from gl_gym.components.rule_based import RuleBasedController
    from gl_gym.core.types import StepContext

    environment = gymnasium.make("gl_gym/GreenLightTomato-v0", normalize_actions=False, disable_env_checker=True)
    rules = RuleBasedController(  # those of its README, without the blackout screen
        lamps_on=0, lamps_off=18, lamps_day_start=-1, lamps_day_stop=366, lamps_off_sun=400, lamp_rad_sum_limit=10,
        temp_setpoint_day=19.5, temp_setpoint_night=16.5, heat_correction=0, heat_deadzone=5, co2_day=800,
        vent_heat_Pband=4, rh_max=85, mech_dehumid_Pband=2, vent_rh_Pband=5, t_vent_off=1, vent_cold_Pband=-1,
        thScrSpDay=5, thScrSpNight=10, thScrPband=-1, thScrDeadZone=4, thScrRh=-2, thScrRhPband=2, lampExtraHeat=2,
        blScrExtraRh=100, rhMax=85, tHeatBand=-1, co2Band=-100, useBlScr=0,
    )  # fmt: skip
    environment.reset(seed=0)
    raw: Any = environment.unwrapped
    start = [float(value) for value in raw.x]
    weather, controls, states = [], [], []
    steps = round(days * 86400.0 / STEP_S)
    begun = time.process_time()
    for _ in range(steps):
        context = StepContext(
            t=raw.timestep, dt=raw.dt, Np=raw.Np, x_prev=raw.x_prev, x=raw.x, u=raw.u, p=raw.p, d=raw.weather_data,
            hour_of_day=raw.hour_of_day, day_of_year=raw.day_of_year,
        )  # fmt: skip
        sky = raw.weather_data[raw.timestep]
        environment.step(rules.predict(context))
        weather.append([float(value) for value in sky])
        controls.append([float(value) for value in raw.u])
        states.append([float(value) for value in raw.x])
    whole_s = time.process_time() - begun

    state = casadi.DM(start)
    begun = time.process_time()
    for sky, control in zip(weather, controls, strict=True):
        told = casadi.vertcat(casadi.DM(sky), raw.p)
        state = raw.F(x0=state, u=casadi.DM(control), p=told)["xf"]
    bare_s = time.process_time() - begun
    document = {"environment_s": whole_s, "integrator_s": bare_s, "start": start}
    print(json.dumps(document | {"weather": weather, "controls": controls, "states": states}))


if __name__ == "__main__":
    main(float(sys.argv[1]))
