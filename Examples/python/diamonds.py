"""Finds the wrong values of a table of diamonds, and repairs them.

    MADE=../.build/release/made python3 python/diamonds.py [MODEL]

Without a MODEL, one is trained on the table itself, which takes some seconds.
"""

import pathlib
import sys

from made_client import MadeDetector

BUNDLED = pathlib.Path(__file__).resolve().parents[2] / "config/models/diamonds.safetensors"

# A table to begin with: 400 diamonds that a bundled model draws, one with a slipped decimal point.
table = MadeDetector(model=BUNDLED).sample(400, seed=1)
table.loc[100, "z"] *= 10

if len(sys.argv) > 1:
    detector = MadeDetector(model=sys.argv[1])
else:
    detector = MadeDetector().fit(table)

worst = table[detector.predict(table) == -1]
print(f"{len(worst)} anomalies among {len(table)} rows")
print(detector.explain(worst, 1).nlargest(3, "gain").to_string(index=False))

repaired = detector.repair(table)
print(repaired.loc[[100], ["carat", "price", "z"]])
print(detector.sample(3, seed=2, given={"cut": "Ideal"}).to_string(index=False))
