#!/usr/bin/env python3
"""How long Spark takes to score a table by made_spark, beside `made score` alone on the same two processors.

    bench.py [MADE] [--rows 10000000] [--rounds 3] [--model MODEL]

In each round: made score of a CSV file, as one process, and as two at the same time with half of the file each; and
Spark, two executors that are up and warm, from Parquet to Parquet. Prints wall and processor seconds, and the SHA-256 of the
answers.
"""

import argparse
import collections
import hashlib
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import environment  # noqa: E402

environment.run_with(pathlib.Path(__file__).resolve().parent / "requirements.txt")

import made_spark  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.csv  # noqa: E402
import pyarrow.parquet  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402

COLUMNS = ["log_likelihood", "score", "p_value", "anomaly"]
TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(root: int) -> collections.Counter:
    """Of a process and its descendants, by the program's name; those that ended count as what their parents start."""
    starts = {"java": "python"}
    usage, parents = {}, {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (entry / "stat").read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue
        fields = rest.split()
        parents[int(entry.name)] = int(fields[1])
        own, ended = (sum(map(int, fields[index : index + 2])) / TICKS for index in (11, 13))
        name = "python" if name.startswith(("python", "pyspark")) else name
        usage[int(entry.name)] = {name: own, starts.get(name, "made"): ended}
    total = collections.Counter()
    for pid, times in usage.items():
        ancestor = pid
        while ancestor in parents and ancestor != root:
            ancestor = parents[ancestor]
        if ancestor == root:
            total.update(times)
    return total


def timed(work) -> tuple[float, collections.Counter]:
    """Wall seconds of `work()`, and processor seconds by program."""
    processor, wall = processor_seconds(os.getpid()), time.monotonic()
    work()
    wall = time.monotonic() - wall
    after = processor_seconds(os.getpid())
    return wall, collections.Counter({name: after[name] - processor[name] for name in after})


def digest(table: pa.Table) -> str:
    """SHA-256 of the answers' bits, in the order of the table."""
    total = hashlib.sha256()
    for name in COLUMNS:
        values = pa.concat_arrays([chunk.cast(pa.float64()) for chunk in table.column(name).chunks])
        total.update(values.buffers()[1].slice(values.offset * 8, len(values) * 8))
    return total.hexdigest()


def halves(path: pathlib.Path) -> list[pathlib.Path]:
    """Two files with the header and half of the lines each."""
    header = path.open("rb").readline()
    lines = sum(block.count(b"\n") for block in iter(lambda file=path.open("rb"): file.read(1 << 24), b"")) - 1
    targets = [path.with_suffix(f".{index}.csv") for index in range(2)]
    with path.open("rb") as file:
        file.readline()
        for index, target in enumerate(targets):
            with target.open("wb") as out:
                out.write(header)
                for _ in range(lines // 2 if index == 0 else lines - lines // 2):
                    out.write(file.readline())
    return targets


class Bench:
    def __init__(self, options: argparse.Namespace, folder: pathlib.Path):
        # Executors have folders of their own.
        self.made, self.model, self.folder = os.path.abspath(options.made), os.path.abspath(options.model), folder
        self.csv = folder / "rows.csv"
        with self.csv.open("wb") as file:
            subprocess.run([self.made, "sample", self.model, "-n", str(options.rows), "--seed", "1"], stdout=file,
                           stderr=subprocess.DEVNULL, check=True)  # fmt: skip
        self.halves = halves(self.csv)
        settings = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "OFF",
                    "spark.local.dir": str(folder / "local")}  # fmt: skip
        os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1",
                       "SPARK_WORKER_DIR": str(folder / "work")}  # fmt: skip
        builder = SparkSession.builder.master("local-cluster[2,1,1024]").appName("bench")
        for key, value in settings.items():
            builder = builder.config(key, value)
        self.spark = builder.getOrCreate()
        self.write_parquet()
        self.rows = self.spark.read.parquet(str(folder / "rows.parquet"))
        # The virtual machines compile what runs often: after a fifth of the rows they are not done with that.
        self.spark_score()

    def write_parquet(self) -> None:
        """The same rows with their number, in eight files."""
        (self.folder / "rows.parquet").mkdir()
        table = pa.csv.read_csv(self.csv)
        table = table.add_column(0, "id", pa.array(range(table.num_rows), pa.int64()))
        part = -(-table.num_rows // 8)
        for index in range(8):
            pa.parquet.write_table(table.slice(index * part, part), self.folder / f"rows.parquet/{index}.parquet")

    def alone(self) -> None:
        with (self.folder / "alone.csv").open("wb") as out:
            subprocess.run([self.made, "score", self.model, self.csv], stdout=out, check=True)

    def side_by_side(self) -> None:
        processes = []
        for half in self.halves:
            with half.with_suffix(".scores").open("wb") as out:
                processes.append(subprocess.Popen([self.made, "score", self.model, half], stdout=out))
        assert not any(process.wait() for process in processes)

    def spark_score(self) -> None:
        shutil.rmtree(self.folder / "scores.parquet", ignore_errors=True)
        scores = made_spark.score(self.rows, self.model, keep=["id"], made=self.made)
        scores.write.parquet(str(self.folder / "scores.parquet"))

    def digests(self) -> tuple[str, str]:
        alone = pa.csv.read_csv(self.folder / "alone.csv")
        spark = pa.parquet.read_table(self.folder / "scores.parquet").sort_by("id")
        return digest(alone), digest(spark)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("made", nargs="?", default=environment.MADE)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default=str(environment.MODELS / "nltcs.safetensors"))
    options = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        bench = Bench(options, pathlib.Path(folder))
        runs = {"made score": bench.alone, "two made score": bench.side_by_side, "Spark": bench.spark_score}
        seconds: dict[str, list[tuple[float, collections.Counter]]] = {name: [] for name in runs}
        try:
            for _ in range(options.rounds):
                for name, run in runs.items():
                    seconds[name].append(timed(run))
                    wall, spent = seconds[name][-1]
                    parts = ", ".join(f"{part} {used:.1f}" for part, used in spent.items() if used > 0.1)
                    print(f"{name:15} {wall:7.1f} s wall, {spent.total():7.1f} s of processors: {parts}", flush=True)
            digests = bench.digests()
        finally:
            bench.spark.stop()
    medians = {name: [statistics.median(values) for values in zip(*((wall, spent.total()) for wall, spent in pairs))]
               for name, pairs in seconds.items()}  # fmt: skip
    for name, (wall, processor) in medians.items():
        print(f"{name:15} median {wall:.1f} s, {options.rows / wall:,.0f} rows/s, "
              f"{processor / options.rows * 1e6:.2f} µs of a processor a row")  # fmt: skip
    for name in ("made score", "two made score"):
        ratio, processors = (medians["Spark"][index] / medians[name][index] for index in range(2))
        print(f"Spark takes {ratio:.2f} × the time of {name}, {processors:.2f} × its processor time")
    print("SHA-256", *(["of both", digests[0]] if digests[0] == digests[1] else ["differ", *digests]))
    sys.exit(digests[0] != digests[1])


if __name__ == "__main__":
    main()
