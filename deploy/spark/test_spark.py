#!/usr/bin/env python3
"""made_spark on a cluster of two executors, each a process of its own, against `made` alone on the same rows.

    test_spark.py [WORD...]     the checks whose names have one of the words
"""

import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import environment  # noqa: E402: it may start this script anew, with pyspark

if shutil.which("java") is None:
    environment.skip("no Java here: apt-get install openjdk-17-jre-headless")
environment.run_with(pathlib.Path(__file__).resolve().parent / "requirements.txt")

import contextlib  # noqa: E402
import csv  # noqa: E402
import datetime  # noqa: E402
import decimal  # noqa: E402
import hashlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import random  # noqa: E402
import signal  # noqa: E402
import struct  # noqa: E402
import subprocess  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
import traceback  # noqa: E402

os.chdir(environment.ROOT)
# createDataFrame reads a clock in the process's zone, and made_spark in the session's: one that is not UTC shows both.
ZONE = "America/New_York"
os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1", "TZ": ZONE}
time.tzset()

import made_spark  # noqa: E402
import pyarrow as pa  # noqa: E402
from pyspark import cloudpickle  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402
from pyspark.sql import functions as f  # noqa: E402
from pyspark.sql import types as t  # noqa: E402

cloudpickle.register_pickle_by_value(sys.modules[__name__])
MADE = environment.MADE
NLTCS = str(environment.MODELS / "nltcs.safetensors")
DIAMONDS = str(environment.MODELS / "diamonds.safetensors")
HEADER = "id,amount,small,whole,price,flag,colour,day,at,note".split(",")
TYPES = t.StructType([
    t.StructField("id", t.LongType()), t.StructField("amount", t.DoubleType()), t.StructField("small", t.FloatType()),
    t.StructField("whole", t.ShortType()), t.StructField("price", t.DecimalType(38, 18)),
    t.StructField("flag", t.BooleanType()), t.StructField("colour", t.StringType()), t.StructField("day", t.DateType()),
    t.StructField("at", t.TimestampType()), t.StructField("note", t.StringType()),
])  # fmt: skip
WORDS = ["red", "grün", "a,b", 'say "x"', "two\nlines", " blue "]
NOON = datetime.datetime(2023, 1, 1, 12)


def made(*arguments: str, data: bytes | None = None) -> bytes:
    return subprocess.run([MADE, *arguments], input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=True).stdout  # fmt: skip


def table(count: int) -> list[tuple]:
    """Rows of TYPES, with holes."""
    draw = random.Random(1)
    rows = []
    for number in range(count):
        amount = None if draw.random() < 0.1 else round(draw.gauss(100, 20), 2)
        colour = None if draw.random() < 0.1 else draw.choice(WORDS)
        rows.append((
            number, amount, round(draw.random(), 3), draw.randrange(-3, 9),
            decimal.Decimal(draw.choice([0, 1, 1, 1])) * decimal.Decimal(draw.randrange(1, 99999)).scaleb(-2),
            draw.random() < 0.5, colour, (NOON + datetime.timedelta(days=draw.randrange(700))).date(),
            # No zone puts its clock forward in these hours: every time is one.
            NOON + datetime.timedelta(days=draw.randrange(700), seconds=draw.randrange(43200)), draw.choice("xyz"),
        ))  # fmt: skip
    return rows


def cell(value: object) -> str:
    """As somebody writes it who makes a CSV of the table for training."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case decimal.Decimal():
            return f"{value:.2f}"
        case _:
            return str(value)


def as_csv(rows: list[tuple], path: pathlib.Path) -> str:
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows([cell(value) for value in row] for row in rows)
    return str(path)


def number(text: str) -> float | None:
    return float(text) if text else None


def scored_alone(model: str, path: str) -> list[tuple]:
    """What made score says of a file: log-likelihood, score, p-value, anomaly, and whether the row is faulty."""
    lines = csv.DictReader(made("score", model, path).decode().splitlines())
    return [(number(line["log_likelihood"]), number(line["score"]), number(line["p_value"]),
             {"true": True, "false": False}.get(line["anomaly"]), bool(line["error"])) for line in lines]  # fmt: skip


def scored(df) -> list[tuple]:
    columns = [f.col(name) for name in ("log_likelihood", "score", "p_value", "anomaly")]
    rows = df.select("id", *columns, f.col("error").isNotNull()).collect()
    return [tuple(row)[1:] for row in sorted(rows)]


def digest(answers: list[tuple]) -> str:
    """SHA-256 of answers' bits, in the rows' order."""
    packed = hashlib.sha256()
    for likelihood, score, p_value, anomaly, _ in answers:
        packed.update(struct.pack("<ddd?", likelihood, score, p_value, anomaly))
    return packed.hexdigest()


@contextlib.contextmanager
def refused(kind: type[Exception], *words: str):
    """Passes where the block raises `kind`, whose message has all `words`."""
    try:
        yield
    except kind as error:
        missing = [word for word in words if word not in str(error)]
        assert not missing, f"{error!s:.2000} lacks {missing}"
    else:
        raise AssertionError(f"nothing was refused that {words} should be")


class Checks:
    def __init__(self, spark: SparkSession, folder: pathlib.Path):
        self.spark = spark
        self.folder = folder
        self.rows = table(1500)
        self.model = str(folder / "table.safetensors")
        made("train", as_csv(self.rows, folder / "train.csv"), "-o", self.model, "--steps", "200", "--members", "2",
             "--categorical", "whole")  # fmt: skip
        self.shipped = made_spark.ship(spark, self.model)

    def frame(self, rows: list[tuple], parts: int = 3):
        return self.spark.createDataFrame(rows, TYPES).repartition(parts, "id")

    def score(self, df, **options):
        return made_spark.score(df, options.pop("model", self.shipped), made=MADE, **options)

    def every_type_is_read_as_the_file_was(self) -> str:
        holes = [(1500 + index, *(None if column == index else value for column, value in enumerate(self.rows[7][1:])))
                 for index in range(len(HEADER) - 1)]  # fmt: skip
        rows = self.rows + holes
        alone = scored_alone(self.model, as_csv(rows, self.folder / "rows.csv"))
        answers = scored(self.score(self.frame(rows)))
        assert answers == alone, [pair for pair in zip(answers, alone) if pair[0] != pair[1]][:3]
        return f"{len(rows)} rows, {digest(alone)}"

    def nan_and_empty_text_are_missing(self) -> str:
        row = self.rows[7]
        df = self.frame([(0, None, *row[2:]), (1, float("nan"), *row[2:]), (2, *row[1:6], None, *row[7:]),
                         (3, *row[1:6], "", *row[7:]), (4, float("inf"), *row[2:])])  # fmt: skip
        answers = self.score(df).orderBy("id").collect()
        assert answers[0].score == answers[1].score and answers[2].score == answers[3].score
        assert answers[0].error is None and answers[0].score != answers[2].score
        assert answers[4].log_likelihood is None and answers[4].anomaly is None
        assert answers[4].error == 'amount: "inf" is not a finite number', answers[4].error
        return answers[4].error

    def columns_and_rows_stay_as_they_are(self) -> str:
        df = self.frame(self.rows).withColumn("tags", f.array("note", "note")).withColumn("a`b.c", f.col("id") + 1)
        result = self.score(df, ignore_unknown=True, prefix="made_")
        added = ["log_likelihood", "score", "p_value", "anomaly", "error"]
        assert result.columns == df.columns + [f"made_{name}" for name in added], result.columns
        assert sorted(result.select("id", "tags", "at", "price", "`a``b.c`").collect()) == sorted(
            df.select("id", "tags", "at", "price", "`a``b.c`").collect())  # fmt: skip
        kept = self.score(df, keep=["a`b.c", "id"], ignore_unknown=True)
        assert kept.columns == ["a`b.c", "id", *added]
        assert scored(kept) == scored_alone(self.model, str(self.folder / "train.csv"))
        read = kept._jdf.queryExecution().optimizedPlan().toString()
        assert "array(" not in read, read
        return f"{len(df.columns)} columns, pruned to those that are kept or scored"

    def empty_partitions_are_nothing(self) -> str:
        few = self.frame(self.rows[:2], parts=6)
        assert self.score(few).count() == 2
        assert self.score(few.where("id < 0")).collect() == []
        assert self.score(few.where("id < 0"), explain=1).collect() == []
        assert made_spark.repair(few.where("id < 0"), self.shipped, made=MADE).collect() == []
        assert len(self.score(self.frame(self.rows)).limit(3).collect()) == 3
        return "and no process"

    def one_column_that_lacks_values(self) -> str:
        texts = random.Random(2).choices(["a", "b", ""], [5, 3, 1], k=1000)
        path = self.folder / "one.csv"
        path.write_text("v\n" + "".join(f'"{text}"\n' for text in texts))
        model = str(self.folder / "one.safetensors")
        made("train", str(path), "-o", model, "--epochs", "2", "--members", "1")
        rows = [(index, text or None) for index, text in enumerate(texts)]
        df = self.spark.createDataFrame(rows, "id long, v string")
        assert scored(self.score(df, model=model, keep=["id"])) == scored_alone(model, str(path))
        return "a hole is no blank line"

    def what_made_refuses_is_raised_at_once(self) -> str:
        df = self.frame(self.rows[:9])
        with refused(made_spark.MadeError, "made score: ", '"colr" is none of the model\'s', "did you mean 'colour'"):
            self.score(df.withColumnRenamed("colour", "colr"))
        with refused(made_spark.MadeError, 'lacks "colour"'):
            self.score(df.drop("colour"))
        with refused(made_spark.MadeError, "made sample: ", "train.csv"):
            self.score(df, model=str(self.folder / "train.csv"))
        with refused(made_spark.MadeError, "there is no /nowhere/made on this node", "ship"):
            made_spark.score(df, self.shipped, made="/nowhere/made")
        with refused(made_spark.MadeError, "there is no none.safetensors"):
            self.score(df, model="none.safetensors")
        with refused(made_spark.MadeError, "statistic"):
            self.score(df, statistic="luck")
        with refused(ValueError, "the DataFrame has score of its own", "prefix"):
            self.score(df.withColumnRenamed("note", "Score"), ignore_unknown=True)
        with refused(ValueError, "keep names nobody"):
            self.score(df, keep=["nobody"])
        with refused(TypeError, "column note is of type array<string>"):
            self.score(df.withColumn("note", f.array("note")))
        with refused(ValueError, "two columns of one name: id"):
            self.score(df.select("*", "id"))
        with refused(ValueError, "explain is 10; it must be 0 to 9"):
            self.score(df, explain=10)
        return "by made's own words"

    def a_process_that_fails_in_a_task_is_told_of(self) -> str:
        # Fine with the header alone, as the driver tries it, and not with rows.
        faulty = self.folder / "faulty"
        faulty.write_text(f'#!/bin/sh\n[ "$1" = sample ] && exec {MADE} "$@"\nread -r header\nread -r row || exit 0\n'
                          'echo "Error: the disk is full" >&2\nexit 1\n')  # fmt: skip
        faulty.chmod(0o755)
        killed = self.folder / "killed"
        killed.write_text(faulty.read_text().replace("exit 1\n", "kill -9 $$\n").replace("Error", "note"))
        killed.chmod(0o755)
        short = self.folder / "short"
        short.write_text(f"#!/bin/sh\n{MADE} \"$@\" | head -n 3\n")
        short.chmod(0o755)
        for program, words in ((faulty, "MadeError: made score: the disk is full"),
                               (killed, "MadeError: made score: signal 9 ended it"),
                               (short, "MadeError: made score: it answered fewer rows than it was sent")):  # fmt: skip
            with refused(Exception, words):
                made_spark.score(self.frame(self.rows, 1), self.shipped, made=str(program)).collect()
        return "as made's message, after Spark's own attempts"

    def explanations_are_those_of_the_service(self) -> str:
        df = self.frame([*self.rows[:200], (1000, *self.rows[0][1:6], "never seen", *self.rows[0][7:]),
                         (1001, float("inf"), *self.rows[0][2:])])  # fmt: skip
        plain = scored(self.score(df))
        answers = self.score(df, explain=2, keep=["id"])
        assert scored(answers) == plain
        rows = {row.id: row for row in answers.collect()}
        blamed = json.loads(rows[1000].explanation)
        assert len(blamed) == 2 and blamed[0]["variable"] == "colour" and blamed[0]["unseen"] is True, blamed
        assert rows[1001].explanation is None and rows[1001].error.startswith("amount: "), rows[1001]
        return json.dumps(blamed[0], ensure_ascii=False)

    def repairs_are_those_of_made_repair(self) -> str:
        draw = random.Random(3)
        lines = list(csv.reader(made("sample", DIAMONDS, "-n", "400", "--seed", "5").decode().splitlines()))
        header, rows = lines[0], lines[1:]
        for row in rows[:60]:
            row[header.index(draw.choice("xyz"))] = f"{draw.uniform(20, 40):.2f}"
        rows[-1][header.index("carat")] = "inf"
        rows[-2][header.index("price")] = "1" * 9
        path = self.folder / "diamonds.csv"
        with open(path, "w", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        log = made("repair", str(path), "-m", DIAMONDS, "--alpha", "0.001", "--dry-run").decode().splitlines()
        table = made("repair", str(path), "-m", DIAMONDS, "--alpha", "0.001").decode().splitlines()
        kinds = ["string" if name in ("cut", "color", "clarity") else "decimal(12,2)" if name in "xyz" else
                 "int" if name == "price" else "double" for name in header]  # fmt: skip
        schema = ", ".join(f"`{name}` {kind}" for name, kind in zip(header, kinds))
        values = [[index, *(self._typed(text, kind) for text, kind in zip(row, kinds))]
                  for index, row in enumerate(rows)]  # fmt: skip
        df = self.spark.createDataFrame(values, f"id long, {schema}").repartition(2, "id")
        result = made_spark.repair(df, DIAMONDS, made=MADE, alpha=0.001, chunk_rows=64)
        assert result.columns == [*df.columns, "p_value", "p_value_after", "repaired", "changes", "error"]
        got = sorted(result.collect())
        expected = [[self._typed(text, kind) for text, kind in zip(row, kinds)] for row in list(csv.reader(table))[1:]]
        assert [list(row)[1 : 1 + len(header)] for row in got] == expected
        logged = {}
        for line in csv.DictReader(log):
            logged.setdefault(int(line["row"]) - 1, []).append(line)
        for row in got:
            first = logged.get(row.id, [{}])[0]
            assert (row.repaired is None) == (not first.get("repaired")), (row, first)
            assert row.repaired is None or row.repaired == (first["repaired"] == "true")
            assert row.p_value_after == number(first.get("row_p_value_after", ""))
            changes = json.loads(row.changes or "[]")
            assert [(change["variable"], change["to"], change["gain"]) for change in changes] == [
                (line["variable"], line["to"], float(line["gain"])) for line in logged.get(row.id, [])
                if line["variable"]]  # fmt: skip
        assert got[-1].error.startswith("carat: "), got[-1].error
        mended = [row for row in got if row.repaired]
        assert len(mended) > 30
        return f"{len(mended)} of {len(got)} rows mended, {mended[0].changes}"

    @staticmethod
    def _typed(text: str, kind: str) -> object:
        match kind:
            case "string":
                return text
            case "int":
                return int(text)
            case "double":
                return float(text)
        return decimal.Decimal(text).quantize(decimal.Decimal("0.01"))

    def digits_are_written_as_other_numbers_are(self) -> str:
        """The quick way and the general one are one."""
        columns = [pa.array([0, 9, 1, 5]), pa.array([1, 0, 0, 7], pa.int8())]
        quick = made_spark._digits(columns)
        assert quick.to_pybytes() == b"0,1\n9,0\n1,0\n5,7\n"
        for other in ([0, 9, 1, 10], [0, 9, 1, -1], [0, 9, 1, None], [0.0, 9.0, 1.0, 5.0], ["0", "9", "1", "5"]):
            assert made_spark._digits([pa.array(other), columns[1]]) is None
            assert made_spark._csv([pa.array(other), columns[1]]).to_pybytes().count(b"\n") == 4
        assert made_spark._csv(columns[:1]).to_pybytes() == b"0\n9\n1\n5\n"
        made_spark._digits, general = lambda _: None, made_spark._digits
        try:
            assert made_spark._csv(columns) == quick
        finally:
            made_spark._digits = general
        return "byte for byte"

    def the_readme_holds(self) -> str:
        """Its code, on the rows of its command."""
        text = (pathlib.Path(__file__).resolve().parent / "README.md").read_text()
        sampled = next(line for line in text.splitlines() if line.startswith("made sample")).partition(" > ")[0].split()
        (self.folder / "rows.csv").write_bytes(made(*sampled[1:]))
        code = text.partition("```python\n")[2].partition("```")[0]
        for name, path in ((".build/release/made", MADE), ("rows.csv", str(self.folder / "rows.csv")),
                           ("anomalies.parquet", str(self.folder / "anomalies.parquet"))):  # fmt: skip
            assert f'"{name}"' in code, name
            code = code.replace(f'"{name}"', repr(path))
        names = {"spark": self.spark}
        exec(compile(code, "README.md", "exec"), names)
        anomalies = self.spark.read.parquet(str(self.folder / "anomalies.parquet"))
        flagged = made("score", DIAMONDS, str(self.folder / "rows.csv"), "--alpha", "0.001").count(b",true,")
        count = anomalies.count()
        assert count == flagged > 0, (count, flagged)
        blamed = names["blamed"].collect()
        assert len(blamed) == count and all(len(json.loads(row.explanation)) == 2 for row in blamed)
        mended = names["mended"].where("repaired").count()
        return f"{count} anomalies explained, {mended} of them mended"

    def a_killed_executor_loses_and_repeats_nothing(self) -> str:
        path = self.folder / "nltcs.csv"
        path.write_bytes(made("sample", NLTCS, "-n", "120000", "--seed", "9"))
        alone = scored_alone(NLTCS, str(path))
        with open(path) as file:
            names, *rows = csv.reader(file)
        source = self.folder / "nltcs.parquet"
        values = [[index, *map(int, row)] for index, row in enumerate(rows)]
        self.spark.createDataFrame(values, f"id long, {', '.join(f'{name} int' for name in names)}").repartition(
            4, "id").write.parquet(str(source))  # fmt: skip
        traces = self.folder / "traces"
        traces.mkdir()
        df = self.spark.read.parquet(str(source)).repartition(4, "id")
        answers = made_spark.score(df.mapInArrow(Saboteur(str(traces)), df.schema), NLTCS, keep=["id"], made=MADE)
        target = self.folder / "scores.parquet"
        answers.write.parquet(str(target))
        assert (traces / "killed").exists(), "no executor was killed"
        again = sum(trace.stat().st_size - 1 for trace in traces.glob("task-*"))
        assert again, "no task was repeated"
        written = self.spark.read.parquet(str(target))
        assert written.count() == len(rows) and written.select("id").distinct().count() == len(rows)
        assert digest(scored(written)) == digest(alone)
        return f"{len(rows)} rows once each, {again} task attempts repeated, SHA-256 {digest(alone)}"


class Saboteur:
    """Passes rows through, and once, in the middle of a task, kills the JVM of the executor that runs it."""

    def __init__(self, folder: str):
        self.folder = folder

    def __call__(self, batches):
        from pyspark import TaskContext

        context = TaskContext.get()
        # A byte for each attempt.
        with open(os.path.join(self.folder, f"task-{context.stageId()}-{context.partitionId()}"), "a") as trace:
            trace.write("x")
        for index, batch in enumerate(batches):
            yield batch
            if index == 1:
                # Only one gets to make the file.
                with contextlib.suppress(FileExistsError):
                    os.close(os.open(os.path.join(self.folder, "killed"), os.O_CREAT | os.O_EXCL | os.O_WRONLY))
                    os.kill(self._executor(), signal.SIGKILL)

    @staticmethod
    def _executor() -> int:
        """A worker is forked by a daemon that the executor's JVM started."""
        pid = os.getpid()
        while True:
            with open(f"/proc/{pid}/stat") as file:
                pid = int(file.read().rpartition(")")[2].split()[1])
            with open(f"/proc/{pid}/comm") as file:
                if file.read().strip() == "java":
                    return pid


def processes_of(folder: pathlib.Path) -> list[str]:
    """Command lines of processes of `made` that still work for this test."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            if line.startswith(MADE) and (str(folder) in line or "/spark-" in line) and state != "Z":
                found.append(line)
    return found


def passes(checks: Checks, name: str) -> bool:
    try:
        print(f"{name.replace('_', ' ')}: {getattr(checks, name)()}", flush=True)
    except Exception:  # noqa: BLE001: the others say something too
        print(f"{name.replace('_', ' ')}: FAILED", traceback.format_exc(limit=-6), sep="\n", flush=True)
        return False
    return True


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        builder = SparkSession.builder.master("local-cluster[2,1,1024]").appName("made_spark")
        settings = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false",
                    "spark.sql.session.timeZone": ZONE, "spark.sql.shuffle.partitions": "3",
                    "spark.sql.execution.arrow.maxRecordsPerBatch": "5000", "spark.local.dir": str(folder / "local"),
                    "spark.sql.warehouse.dir": str(folder / "warehouse"), "spark.log.level": "OFF",
                    "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder}"}  # fmt: skip
        for key, value in settings.items():
            builder = builder.config(key, value)
        os.environ["SPARK_WORKER_DIR"] = str(folder / "work")
        spark = builder.getOrCreate()
        try:
            checks = Checks(spark, folder)
            names = [name for name in vars(Checks) if name[0] != "_" and name not in ("frame", "score")
                     and any(word in name for word in sys.argv[1:] or [""])]  # fmt: skip
            failures = sum(not passes(checks, name) for name in names)
            left = processes_of(folder)
            assert not left, left
        finally:
            spark.stop()
    print(f"{len(names) - failures} of {len(names)} checks passed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
