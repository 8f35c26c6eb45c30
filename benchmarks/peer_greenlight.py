"""GreenLight 2.0.5 on its own weather under its own control rules: run by the interpreter of its environment.

`python peer_greenlight.py LAMP DAYS` prints as its last line one JSON document: the seconds of CPU it took, columns of
samples every 300 s, and the integrals of its rates over its own steps. It imports nothing
of ours: it may run on another numpy.
"""

import contextlib
import json
import sys
import time
from pathlib import Path

EVERY_S = 300
COLUMNS = (
    "tAir", "tCan", "tTop", "tCovIn", "tCovE", "tFlr", "tPipe", "tSo1", "tThScr", "vpAir", "vpTop", "rhIn",
    "co2Air", "lai", "uBoil", "uRoof", "uThScr", "uLamp", "uExtCo2", "hBoilPipe", "qLampIn", "mcExtAir", "mvCanAir",
)  # fmt: skip
RATES = ("hBoilPipe", "qLampIn", "mcExtAir", "mvCanAir")


def main(lamp: str, days: float) -> None:
    import numpy as np
    from greenlight import GreenLight

    models, weather = _places()
    prompt: list[object] = [str(models / "main_katzin_2021.json"), str(weather)]
    if lamp == "hps":
        prompt.append(str(models / "lamp_hps_katzin_2021.json"))
    if lamp == "none":
        prompt.append({"thetaLampMax": {"definition": "0"}})
    prompt.append({"options": {"t_end": str(round(days * 86400)), "output_step": str(EVERY_S)}})
    begun = time.process_time()
    with contextlib.redirect_stdout(sys.stderr):
        model = GreenLight(base_path="/", input_prompt=prompt, output_path="")
        model.load()
        loaded = time.process_time()
        model.solve()
        solved = time.process_time()
    table = model.full_sol[["Time", *COLUMNS]].astype(float)
    at_s = np.arange(0.0, days * 86400.0 + 1.0, EVERY_S)
    samples = {name: [round(x, 9) for x in np.interp(at_s, table["Time"], table[name])] for name in COLUMNS}
    spans = np.diff(table["Time"].to_numpy())
    rates = {name: table[name].to_numpy() for name in RATES}
    sums = {name: float(np.sum(0.5 * (rate[1:] + rate[:-1]) * spans)) for name, rate in rates.items()}
    print(json.dumps({"load_s": loaded - begun, "solve_s": solved - loaded, "samples": samples, "integrals": sums}))


def _places() -> tuple[Path, Path]:
    """The model definitions, and the weather."""
    import greenlight

    katzin = Path(greenlight.__file__).parent / "models" / "katzin_2021"
    return katzin / "definition", katzin / "input_data" / "test_data" / "Bleiswijk_from_20091020.csv"


if __name__ == "__main__":
    if sys.argv[1] == "--weather":
        print(json.dumps(str(_places()[1])))
    else:
        main(sys.argv[1], float(sys.argv[2]))
