"""lettuce-greenhouse-gym 0.1.3 with every actuator off: run by the interpreter of its environment.

`python peer_lettuce_gym.py DAYS` prints as its last line one JSON document: the seconds of CPU of its environment and
of its compiled integrator alone, and the four states at the end of every step of 1800 s. It imports nothing of ours.
"""

import json
import sys
import time


def main(days: float) -> None:
    import numpy as np
    from lettuce_greenhouse_gym.envs.control_env import LettuceGreenhouseEnv

    environment = LettuceGreenhouseEnv()
    environment.reset(seed=0)
    steps = round(days * 48)
    off = -np.ones(3)
    controls, states = [], []
    start = environment._x.copy()
    begun = time.process_time()
    for _ in range(steps):
        controls.append(environment.decode_action(off))
        environment.step(off)
        states.append([float(value) for value in environment._x])
    whole_s = time.process_time() - begun
    state = start
    begun = time.process_time()
    for step, control in enumerate(controls):
        state = environment._F(state, control, environment._weather[:, step], environment._c)
    bare_s = time.process_time() - begun
    print(json.dumps({"environment_s": whole_s, "integrator_s": bare_s, "states": states}))


if __name__ == "__main__":
    main(float(sys.argv[1]))
