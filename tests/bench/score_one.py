#!/usr/bin/env python3
"""One run of the workload player, with more in its score.

  IRQHERD_BENCH=DIR score_one.py ARGUMENTS OF THE PLAYER'S run.py     (as root)

DIR holds the player (mkmachine.py, player.py, run.py, vclock.c). Added to its line of JSON: the
share of work lost within 30 s after a plug, and how many IRQs went back within a minute to a CPU
that they had left.
"""

import os
import sys

sys.path.insert(0, os.environ["IRQHERD_BENCH"])
import player  # noqa: E402
import run  # noqa: E402

AFTER_PLUG_S = 30.0
BACK_S = 60.0


def install():
    world = player.World
    step, set_affinity, score = world.step, world.set_affinity, world.score

    def stepped(self, dt):
        if not hasattr(self, "lost"):
            self.lost = []
        step(self, dt)
        self.lost.append((self.now, self.s["unmet"], self.s["offered"]))

    def written(self, irq, text, is_list):
        before = self.eff.get(irq)
        answer = set_affinity(self, irq, text, is_list)
        if answer == 0 and self.eff[irq] != before:
            left = self.__dict__.setdefault("left", {})
            if self.now - left.get((irq, self.eff[irq]), -BACK_S - 1) <= BACK_S:
                self.went_back = self.__dict__.get("went_back", 0) + 1
            left[irq, before] = self.now
        return answer

    def scored(self, events, new_irqs):
        result = score(self, events, new_irqs)
        result["went_back"] = self.__dict__.get("went_back", 0)
        for at, what in events:
            if what == "plug":
                within = [x for x in self.lost if at - 1e-6 <= x[0] <= at + AFTER_PLUG_S + 1e-6]
                unmet, offered = within[-1][1] - within[0][1], within[-1][2] - within[0][2]
                result["after_plug_pct"] = round(100 * unmet / (offered or 1), 4)
        return result

    world.step, world.set_affinity, world.score = stepped, written, scored


if __name__ == "__main__":
    install()
    run.main()
