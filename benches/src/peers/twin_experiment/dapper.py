"""DAPPER's filters on the model of Lorenz (1996), timed on request."""

import contextlib
import io
import json
import os
import sys
import time


def answer(**words):
    print(json.dumps(words), file=sys.__stdout__, flush=True)


def main():
    asked = json.loads(sys.stdin.readline())
    # DAPPER greets, warns and draws bars of progress on both streams.
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(open(os.devnull, "w")):
        import dapper
        from dapper import da_methods
        from dapper.mods.Lorenz96.sakov2008 import HMM

        dapper.rc.liveplotting = False
        # Ranks, CRPS and spectra of every state take most of the time otherwise; ours are of errors and spread alone.
        dapper.rc.comps["error_only"] = True
        methods = {
            "EnKF": lambda: da_methods.EnKF("PertObs", N=40, infl=1.06),
            "LETKF": lambda: da_methods.LETKF(N=7, rot=True, infl=1.04, loc_rad=4),
            "EAKF": lambda: da_methods.SL_EAKF(N=7, rot=True, infl=1.07, loc_rad=6),
        }
        HMM.tseq.Ko = asked["cycles"] - 1
        HMM.tseq.BurnIn = 0
        dapper.set_seed(3000)
        truth, observed = HMM.simulate()

    def run():
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(open(os.devnull, "w")):
            method = methods[asked["filter"]]()
            method.seed = 3000
            method.assimilate(HMM, truth, observed, liveplots=False)

    run()
    answer(ready=f"DAPPER {__import__('importlib.metadata').metadata.version('dapper')}")
    for line in sys.stdin:
        repeats = json.loads(line)["repeats"]
        began = time.perf_counter()
        for _ in range(repeats):
            run()
        answer(seconds=(time.perf_counter() - began) / repeats)


try:
    main()
except Exception as error:
    answer(impossible=f"{type(error).__name__}: {error}")
