#!/usr/bin/env python3
"""Trains and measures `made` on real tables, and prints one table of figures beside their goals.

    quality.py [SECTION...] [--sets dna,glass] [--seeds 20] [--train OPTIONS]

Without a name all sections run. The tables are those of a folder that is no part of this project: DATA names it, else it
is looked for as ../shared/data. The program is built first, unless MADE names one. Nothing but Python's standard library is needed; scikit-learn, which some
sections compare with, is installed into an environment of its own, or said to be skipped.
"""

import argparse
import os
import pathlib
import shlex
import sys
import tempfile
import time

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "driver"))

import environment  # noqa: E402
import sections  # noqa: E402
from figures import Figures  # noqa: E402
from program import Program, ProgramError  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(
        prog="make quality", description="Prints one table of measures of quality beside their goals.")
    parser.add_argument("sections", nargs="*", metavar="SECTION",
                        help=f"of {', '.join(sections.SECTIONS)}; all where none is given")
    parser.add_argument("--sets", metavar="A,B", help="only the tables of these names")
    parser.add_argument("--seeds", type=int, default=20, help="trainings a table in the sections alarms, calibration, discoveries and drift (20)")
    parser.add_argument("--train", metavar="OPTIONS", default="",
                        help="further options of `made train`, after those of the section")
    parsed = parser.parse_args()
    unknown = [name for name in parsed.sections if name not in sections.SECTIONS]
    if unknown:
        parser.error(f"no section '{unknown[0]}'; there are {', '.join(sections.SECTIONS)}")
    if parsed.seeds < 1:
        parser.error("--seeds must be 1 or more")
    parsed.sets = parsed.sets.split(",") if parsed.sets else None
    parsed.train = shlex.split(parsed.train)
    return parsed


def data_folder(names):
    """Where the tables of the named sections are; exits, saying what is missing, where there are none."""
    named = os.environ.get("DATA")
    folder = pathlib.Path(named) if named else FOLDER.parent.parent.parent / "shared" / "data"
    missing = [part for part in sorted({sections.FOLDERS[name] for name in names}) if not (folder / part).is_dir()]
    if missing:
        sys.exit(
            f"quality: {folder} {'has no folder ' + missing[0] if folder.is_dir() else 'is not there'}. This needs a folder of "
            "tables, which is no part of the project: say where it is, as in `make quality DATA=/path/to/data`.\n"
            "It holds binary/NAME/{train,valid,test}.csv, oneclass/NAME/{train,test}.csv, anomaly/NAME.csv and mixed/diamonds.csv, and beside it "
            "lie real/NAME/{train.csv,rows.ndjson,truth.csv} and odd/NAME/{train,test}.csv; the last column of test.csv and "
            "anomaly/*.csv is `label`, 1 for anomalies, and a line of truth.csv has the `kind` and the `columns` of the "
            "mistake in the row.")
    return folder


def main():
    options, start = arguments(), time.monotonic()
    names = [name for name in sections.SECTIONS if not options.sections or name in options.sections]
    data = data_folder(names)
    made = os.environ.get("MADE") or environment.MADE
    try:
        if made == environment.MADE:
            environment.run(["make", "-C", environment.TREE, "build"], "the program does not build")
    except environment.Unavailable as error:
        sys.exit(f"quality: {error}")
    figures = Figures()
    print(f"Tables of {data}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {options.seeds} seeds.")
    with tempfile.TemporaryDirectory(prefix="made-quality-") as scratch:
        program = Program(made, pathlib.Path(scratch), options.train)
        for name in names:
            try:
                sections.SECTIONS[name](figures, program, data, options)
            except ProgramError as error:
                figures.skip(f"the rest of {name}: {error}")
    reached = figures.close()
    print(f"{time.monotonic() - start:.0f} s; load {os.getloadavg()[0]:.1f} at the end.")
    return 0 if reached else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("quality: stopped")
