"""Scores and repairs Spark DataFrames with `made`, a process of it for every task. Needs pyspark and pyarrow.

    import made_spark
    model = made_spark.ship(spark, "table.safetensors")     # or a path that is there on every node
    made_spark.score(df, model, made="/opt/made/made").write.parquet("scores")

Both functions are lazy, and each partition's answers follow from its rows alone, so that Spark may repeat a task as
often as it likes. The driver runs `made` once on the names of the columns: what it refuses there is raised at once.
"""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import datetime
import decimal
import hashlib
import http.client
import io
import itertools
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import zoneinfo
from collections.abc import Iterable, Iterator

import numpy
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from pyspark import SparkFiles, cloudpickle
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as t

# Executors get this module with the task, so that nobody has to install it there.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

SHIPPED = "spark-file:"
SCORE_FIELDS = [
    t.StructField("log_likelihood", t.DoubleType()),
    t.StructField("score", t.DoubleType()),
    t.StructField("p_value", t.DoubleType()),
    t.StructField("anomaly", t.BooleanType()),
    t.StructField("error", t.StringType()),
]
EXPLANATION = t.StructField("explanation", t.StringType())
REPAIR_FIELDS = [
    t.StructField("p_value", t.DoubleType()),
    t.StructField("p_value_after", t.DoubleType()),
    t.StructField("repaired", t.BooleanType()),
    t.StructField("changes", t.StringType()),
    t.StructField("error", t.StringType()),
]
READABLE = (
    t.StringType, t.NumericType, t.BooleanType, t.DateType, t.TimestampType, t.TimestampNTZType, t.NullType,
)  # fmt: skip
# In the order of the blocks of `made score --output-format binary`.
ANSWER_TYPES = {
    "log_likelihood": pa.float64(),
    "score": pa.float64(),
    "p_value": pa.float64(),
    "anomaly": pa.bool_(),
    "error": pa.string(),
}
# A row's number within its partition tells a reader of the table nothing.
ROW_PLACE = re.compile(r"^(standard input: )?(rows\[\d+\]|row \d+)[.:]? ?")


class MadeError(Exception):
    """What `made` said when it refused its work: the model, an option or the columns are at fault, not one row."""


def ship(spark: SparkSession, path: str) -> str:
    """Copies a model, or the program itself, to every node; the name that is returned stands for it in this module.

    The file is taken as it is now: one that is written in its place later is shipped by the next call.
    """
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    name = f"{digest[:16]}-{os.path.basename(path)}"
    # Executors fetch it from the driver, from where it is then: the folder ends with the session.
    folder = os.path.join(SparkFiles.getRootDirectory(), "shipped")
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(copy := os.path.join(folder, name)):
        shutil.copy2(path, copy)
    spark.sparkContext.addFile(copy)
    return SHIPPED + name


def score(
    df: DataFrame,
    model: str,
    *,
    keep: list[str] | None = None,
    explain: int = 0,
    made: str = "made",
    prefix: str = "",
    ignore_unknown: bool = False,
    alpha: float | None = None,
    statistic: str | None = None,
    unseen: str | None = None,
    missing: str | None = None,
    particles: int | None = None,
    seed: int | None = None,
    weights: str | None = None,
    activation: str | None = None,
) -> DataFrame:
    """The rows of `df` with `log_likelihood`, `score`, `p_value`, `anomaly` and `error` beside them.

    keep            names of the columns to keep, which the model need not know; None keeps all. Columns other than
                    these and the model's are not even read
    explain         so many columns to blame a row, as JSON in a column `explanation`; costs many times what a score
                    does
    made            the program: a name on the PATH of every node, a path there, or what ship() returned
    prefix          put before the names of the columns that are added, where `df` has such names of its own
    ignore_unknown  pass over columns that the model's table never had, instead of refusing them
    others          as the options of `made score`, which has their defaults
    """
    options = _Options(alpha, statistic, unseen, missing, particles, seed, weights, activation, ignore_unknown)
    job = _Job(made, model, "score", options)
    names = df.columns if keep is None else list(keep)
    fields = SCORE_FIELDS + ([EXPLANATION] if explain else [])
    kept = _schema(df, names)
    schema = _joined(kept, fields, prefix)
    # A column that is asked for by name is the user's own, whether or not the model knows it.
    known = job.columns()
    asked = [name for name in df.columns if keep is None or name not in keep or name in known]
    job.check(asked)
    sent = [name for name in df.columns if name in known]
    _refuse_unreadable(_schema(df, sent))
    if explain < 0 or explain > len(sent):
        raise ValueError(f"explain is {explain}; it must be 0 to {len(sent)}, the number of the model's columns")
    read = list(dict.fromkeys([*names, *sent]))
    places = _Places(sent, [read.index(name) for name in sent], [read.index(name) for name in names])
    task = _Explain(job, places, explain) if explain else _Score(job, places)
    return _select(df, read).mapInArrow(task, schema)


def repair(
    df: DataFrame,
    model: str,
    *,
    made: str = "made",
    prefix: str = "",
    alpha: float | None = None,
    statistic: str | None = None,
    changes_max: int | None = None,
    weights: str | None = None,
    activation: str | None = None,
    chunk_rows: int = 65536,
) -> DataFrame:
    """The rows of `df`, anomalies put right by few changes, and beside them what was done.

    p_value, p_value_after   of an anomaly, as it came and as it is after its changes; null of any other row
    repaired                 true: its changes were made; false: it stays as it is, an anomaly; null: it is none
    changes                  JSON: [{"variable", "from", "to", "gain"}], those that were made or would not do
    error                    why the row could not be read, or its changes not be made

    Types stay: all cells but the changed ones are the very ones that came. `chunk_rows` go through one process of `made
    repair`, which uses a thread a processor; the other options are its own.
    """
    if chunk_rows < 1:
        raise ValueError("chunk_rows must be 1 or more")
    options = _Options(alpha, statistic, weights=weights, activation=activation, changes_max=changes_max)
    job = _Job(made, model, "repair", options)
    schema = _joined(_schema(df, df.columns), REPAIR_FIELDS, prefix)
    known = job.columns()
    sent = [name for name in df.columns if name in known]
    job.check(sent)
    _refuse_unreadable(_schema(df, sent))
    places = _Places(sent, [df.columns.index(name) for name in sent], list(range(len(df.columns))))
    return _select(df, df.columns).mapInArrow(_Repair(job, places, chunk_rows), schema)


# What the driver looks at


def _select(df: DataFrame, names: list[str]) -> DataFrame:
    """Columns by their places: mapInArrow looks them up by name, and does not know how to quote one."""
    columns = [df[f"`{name.replace('`', '``')}`"].alias(f"c{index}") for index, name in enumerate(names)]
    return df.select(*columns)


def _schema(df: DataFrame, names: Iterable[str]) -> t.StructType:
    repeated = sorted({name for name in df.columns if df.columns.count(name) > 1})
    if repeated:
        raise ValueError(f"the DataFrame has two columns of one name: {', '.join(repeated)}")
    fields = {field.name: field for field in df.schema.fields}
    absent = [name for name in names if name not in fields]
    if absent:
        raise ValueError(f"keep names {', '.join(absent)}; the DataFrame has {', '.join(fields)}")
    return t.StructType([fields[name] for name in names])


def _joined(kept: t.StructType, fields: list[t.StructField], prefix: str) -> t.StructType:
    added = [t.StructField(prefix + field.name, field.dataType) for field in fields]
    # Spark's own look-up of a column does not tell capitals.
    taken = {name.lower() for name in kept.names}
    clashes = [field.name for field in added if field.name.lower() in taken]
    if clashes:
        raise ValueError(
            f"the DataFrame has {', '.join(clashes)} of its own; leave it out, rename it, or give the new columns a "
            'prefix, such as prefix="made_"'
        )
    return t.StructType([*kept.fields, *added])


def _refuse_unreadable(schema: t.StructType) -> None:
    for field in schema.fields:
        if not isinstance(field.dataType, READABLE):
            raise TypeError(
                f"column {field.name} is of type {field.dataType.simpleString()}; the model reads strings, numbers, "
                "booleans, dates and timestamps"
            )


@dataclasses.dataclass(frozen=True)
class _Options:
    """Options of `made`; None is its default."""

    alpha: float | None = None
    statistic: str | None = None
    unseen: str | None = None
    missing: str | None = None
    particles: int | None = None
    seed: int | None = None
    weights: str | None = None
    activation: str | None = None
    ignore_unknown: bool = False
    changes_max: int | None = None

    def flags(self, *names: str) -> list[str]:
        """Those of `names` that were given; all where none is named."""
        flags = []
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is None or value is False or (names and field.name not in names):
                continue
            flag = "--missing-means" if field.name == "missing" else f"--{field.name.replace('_', '-')}"
            flags += [flag] if value is True else [flag, str(value)]
        return flags


@dataclasses.dataclass(frozen=True)
class _Places:
    """Which of the columns that a task gets it sends to its process, under which names, and which it keeps."""

    names: list[str]
    sent: list[int]
    kept: list[int]

    def header(self) -> bytes:
        return _header(self.names)

    def csv(self, batch: pa.RecordBatch) -> pa.Buffer:
        return _csv([_plain(batch.column(place)) for place in self.sent])

    def beside(self, batch: pa.RecordBatch, added: list[pa.Array]) -> pa.RecordBatch:
        """The columns to keep, and these. Spark goes by their places, and has their names from the schema."""
        columns = [*(batch.column(place) for place in self.kept), *added]
        return pa.RecordBatch.from_arrays(columns, [str(index) for index in range(len(columns))])


@dataclasses.dataclass(frozen=True)
class _Job:
    """What a task needs to start its process."""

    made: str
    model: str
    verb: str
    options: _Options

    def command(self, *, verb: str | None = None) -> list[str]:
        program, model = _local(self.made, runs=True), _local(self.model)
        match verb or self.verb:
            case "score":
                return [program, "score", model, "-", "--format", "csv", "--output-format", "binary", *self.options.flags()]
            case "repair":
                return [program, "repair", "-", "--model", model, "--dry-run", *self.options.flags()]
            case "sample":
                return [program, "sample", model, "-n", "1", "--seed", "0", *self.options.flags("activation")]
            case "serve":
                flags = self.options.flags("alpha", "statistic", "activation", "weights")
                # One task, one core; its requests come one at a time and have no clock.
                fixed = "--host 127.0.0.1 --port 0 --quiet --loops 1 --workers 1 --drift-rows 0".split()
                seconds = itertools.product(("--idle-seconds-max", "--body-seconds-max"), ("86400",))
                return [program, "serve", model, *fixed, "--queue-milliseconds-max", "3600000",
                        *itertools.chain(*seconds), *flags]  # fmt: skip
        raise ValueError(verb)

    def columns(self) -> set[str]:
        """The names of the model's columns."""
        return set(next(csv.reader([self._run("sample", b"").decode().split("\n")[0]])))

    def check(self, names: list[str]) -> None:
        """Raises what `made` has against columns of these names, or against its options."""
        self._run(self.verb, _header(names))

    def _run(self, verb: str, data: bytes) -> bytes:
        with _Child(self.command(verb=verb)) as child:
            output, _ = child.process.communicate(data)
            child.end()
            return output


def _local(path: str, runs: bool = False) -> str:
    """Where a path of a job lies on this node."""
    if path.startswith(SHIPPED):
        path = SparkFiles.get(path.removeprefix(SHIPPED))
        if runs and not os.access(path, os.X_OK):
            os.chmod(path, 0o755)
        return path
    found = shutil.which(path) if runs else path
    if found is None or not os.path.exists(found):
        raise MadeError(
            f"there is no {path} on this node; a path has to be there on every one, the driver's too: "
            f'made_spark.ship(spark, "{path}") copies a file to all'
        )
    return os.path.abspath(found)


# Rows, as CSV


class _Child:
    """A process of `made`, ended with this context. Its notes go to a file, so that it never waits for a reader."""

    def __init__(self, command: list[str]):
        self.command = command
        self.notes = tempfile.TemporaryFile()
        # Settings of a service that happens to be on the node are none of ours.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MADE_")}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.notes, env=environment,
            cwd=tempfile.gettempdir(),
        )  # fmt: skip

    def __enter__(self) -> _Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for file in (self.process.stdout, self.notes):
            file.close()
        # What a write left behind in its buffer goes nowhere any more.
        with contextlib.suppress(OSError, ValueError):
            self.process.stdin.close()

    def end(self) -> None:
        """Waits for its end, and raises what it said where that was no success."""
        if status := self.process.wait():
            raise self.error(f"it ended with status {status}" if status > 0 else f"signal {-status} ended it")

    def error(self, otherwise: str) -> MadeError:
        self.notes.seek(0)
        notes = self.notes.read().decode(errors="replace").strip().split("\n")
        said = next((note for note in reversed(notes) if note.startswith("Error: ")), otherwise)
        verb = next(word for word in self.command if word in ("score", "repair", "serve", "sample"))
        return MadeError(f"made {verb}: {said.removeprefix('Error: ')}")


def _header(names: list[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(names)
    return line.getvalue().encode()


def _plain(column: pa.Array) -> pa.Array:
    """The column with a null for NaN, as every form of row says that a number is missing, and with timestamps as the
    clock of the session's zone shows them: a model reads a clock, never a zone."""
    if pa.types.is_floating(column.type):
        nan = pc.is_nan(column)
        return pc.if_else(nan, None, column) if pc.any(nan).as_py() else column
    if pa.types.is_timestamp(column.type) and column.type.tz:
        return pc.local_timestamp(column)
    if pa.types.is_decimal(column.type) or pa.types.is_null(column.type):
        return column.cast(pa.string())
    return column


def _digits(columns: list[pa.Array]) -> pa.Buffer | None:
    """Lines of columns of single digits, as tables of 0 and 1 have; None of others. Arrow's casts to text, which the
    general way goes by, cost such a table more than its scoring does."""
    lines = numpy.empty((len(columns[0]), 2 * len(columns)), numpy.uint8)
    for index, column in enumerate(columns):
        if column.null_count or not pa.types.is_integer(column.type):
            return None
        values = column.to_numpy()
        if values.min() < 0 or values.max() > 9:
            return None
        lines[:, 2 * index] = values
    lines[:, 0::2] += ord("0")
    lines[:, 1::2] = ord(",")
    lines[:, -1] = ord("\n")
    return pa.py_buffer(lines)


def _csv(columns: list[pa.Array]) -> pa.Buffer:
    """Lines of the columns, of one row or more. Strings are in quotes, nulls are empty."""
    if (digits := _digits(columns)) is not None:
        return digits
    if len(columns) == 1:
        # A blank line would be no row at all.
        columns = [columns[0].cast(pa.string()).fill_null("")]
    lines = pa.BufferOutputStream()
    options = pyarrow.csv.WriteOptions(include_header=False, batch_size=4096)
    batch = pa.RecordBatch.from_arrays(columns, [str(index) for index in range(len(columns))])
    pyarrow.csv.write_csv(batch, lines, options)
    return lines.getvalue()


def _answers(output: io.BufferedIOBase) -> Iterator[pa.RecordBatch]:
    """The blocks of `made score --output-format binary`, as far as they are whole: of a process that died its status says
    more."""
    while len(head := output.read(8)) == 8:
        rows, error_bytes = numpy.frombuffer(head, "<u4").tolist()
        block = output.read(29 * rows + error_bytes)
        if len(block) < 29 * rows + error_bytes:
            return
        numbers = numpy.frombuffer(block, "<f8", 3 * rows).reshape(3, rows)
        truths = numpy.frombuffer(block, "u1", rows, 24 * rows)
        columns = [pa.array(column, from_pandas=True) for column in numbers]
        columns.append(pa.array(truths == 1, mask=truths == 2))
        columns.append(_errors(block, rows) if error_bytes else pa.nulls(rows, pa.string()))
        yield pa.RecordBatch.from_arrays(columns, list(ANSWER_TYPES))


def _errors(block: bytes, rows: int) -> pa.Array:
    ends = numpy.frombuffer(block, "<u4", rows, 25 * rows).tolist()
    text = memoryview(block)[29 * rows :]
    return pa.array([str(text[start:end], "utf-8") or None for start, end in zip([0, *ends], ends)], pa.string())


class _Recut:
    """Gives record batches back in pieces of any number of rows."""

    def __init__(self, batches: Iterable[pa.RecordBatch]):
        self.batches = iter(batches)
        self.held: list[pa.RecordBatch] = []
        self.count = 0

    def take(self, count: int) -> list[pa.Array] | None:
        """The columns of the next `count` rows; None where there are not as many."""
        while self.count < count:
            batch = next(self.batches, None)
            if batch is None:
                return None
            self.held.append(batch)
            self.count += batch.num_rows
        table = pa.Table.from_batches(self.held)
        rest = table.slice(count).to_batches()
        self.held, self.count = rest, self.count - count
        return [column.combine_chunks() for column in table.slice(0, count).columns]


def _without_row(errors: pa.Array) -> pa.Array:
    if errors.null_count == len(errors):
        return errors
    return pa.array([error and ROW_PLACE.sub("", error) for error in errors.to_pylist()], pa.string())


# What runs in a task


@dataclasses.dataclass(frozen=True)
class _Score:
    """One process of `made score` for all rows of a task, written to by a thread and read from beside it."""

    job: _Job
    places: _Places

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        batches = (batch for batch in batches if batch.num_rows)
        first = next(batches, None)
        if first is None:
            return
        with _Child(self.job.command()) as child:
            # Without a bound: the pipes are one. The process may hold back answers until more rows come.
            under_way: queue.SimpleQueue = queue.SimpleQueue()
            rows = itertools.chain([first], batches)
            threading.Thread(target=self._feed, args=(child, rows, under_way), daemon=True).start()
            answers = _Recut(_answers(child.process.stdout))
            while (batch := under_way.get()) is not None:
                if isinstance(batch, BaseException):
                    raise batch
                columns = answers.take(batch.num_rows)
                if columns is None:
                    child.end()
                    raise child.error("it answered fewer rows than it was sent")
                columns[-1] = _without_row(columns[-1])
                yield self.places.beside(batch, columns)
            child.end()

    def _feed(self, child: _Child, batches: Iterable[pa.RecordBatch], under_way: queue.SimpleQueue) -> None:
        lines = child.process.stdin
        try:
            lines.write(self.places.header())
            for batch in batches:
                under_way.put(batch)
                lines.write(self.places.csv(batch))
            lines.close()
            under_way.put(None)
        except BrokenPipeError:
            # Who reads its answers sees its end, and says why.
            under_way.put(None)
        except BaseException as error:  # noqa: BLE001: whoever waits for the queue must hear of anything
            child.process.kill()
            under_way.put(error)


@dataclasses.dataclass(frozen=True)
class _Explain:
    """A `made serve` of its own for each task: explanations are what services alone give."""

    job: _Job
    places: _Places
    explain: int
    rows_max: int = 500

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        batches = (batch for batch in batches if batch.num_rows)
        first = next(batches, None)
        if first is None:
            return
        # The service ends with its standard input, so that it outlives no worker, whatever ends that.
        watched = ["sh", "-c", '"$@" </dev/null & cat >/dev/null; kill -9 $!', "sh", *self.job.command(verb="serve")]
        with _Child(watched) as child:
            try:
                yield from self._ask(child, itertools.chain([first], batches))
            finally:
                child.process.stdin.close()
                child.process.wait()

    def _ask(self, child: _Child, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        listening = re.match(rb"listening on http://([^:]+):(\d+)", child.process.stdout.readline())
        if listening is None:
            raise child.error("it did not start")
        connection = http.client.HTTPConnection(listening[1].decode(), int(listening[2]))
        with contextlib.closing(connection):
            for batch in batches:
                for start in range(0, batch.num_rows, self.rows_max):
                    piece = batch.slice(start, self.rows_max)
                    yield self.places.beside(piece, self._explained(connection, piece))

    def _explained(self, connection: http.client.HTTPConnection, batch: pa.RecordBatch) -> list[pa.Array]:
        texts = [_plain(batch.column(place)).cast(pa.string()).to_pylist() for place in self.places.sent]
        rows = [dict(zip(self.places.names, row)) for row in zip(*texts)]
        options = self.job.options
        body = {"rows": rows, "explain": self.explain, "on_error": "row"}
        for name in ("unseen", "missing", "particles", "seed"):
            if (value := getattr(options, name)) is not None:
                body[name] = value
        connection.request("POST", "/score", json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = json.loads(response.read())
        if response.status != 200:
            raise MadeError(f"made serve: {answer.get('detail', response.status)}")
        errors: list[str | None] = [None] * batch.num_rows
        for error in answer.get("errors", ()):
            errors[error["row"]] = error["detail"]
        nothing = [None] * batch.num_rows
        columns = [
            _without_row(pa.array(errors, type)) if name == "error" else pa.array(answer.get(name, nothing), type)
            for name, type in ANSWER_TYPES.items()
        ]
        explanations = [item and json.dumps(item, ensure_ascii=False) for item in answer["explanations"]]
        return [*columns, pa.array(explanations, pa.string())]


@dataclasses.dataclass(frozen=True)
class _Repair:
    """A process of `made repair --dry-run` for every so many rows: its log is all that is read back, and tells which
    cells to change. It says nothing of rows that are right, so that only its end shows that a row was one."""

    job: _Job
    places: _Places
    chunk_rows: int

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for rows in self._chunks(batches):
            yield self._repaired(rows)

    def _chunks(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        held: list[pa.RecordBatch] = []
        for batch in batches:
            if batch.num_rows == 0:
                continue
            held.append(batch)
            if sum(batch.num_rows for batch in held) >= self.chunk_rows:
                yield pa.concat_batches(held)
                held = []
        if held:
            yield pa.concat_batches(held)

    def _repaired(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        with _Child(self.job.command()) as child:
            log, _ = child.process.communicate(self.places.header() + self.places.csv(rows).to_pybytes())
            child.end()
        lines: dict[int, list[dict[str, str]]] = {}
        for line in csv.DictReader(io.StringIO(log.decode(), newline="")):
            lines.setdefault(int(line["row"]) - 1, []).append(line)
        types = {name: rows.schema.types[place] for name, place in zip(self.places.names, self.places.sent)}
        cells: dict[str, dict[int, object]] = {}
        results: dict[int, dict] = {}
        for row, changes in lines.items():
            result, values = _outcome(changes, types)
            results[row] = result
            for name, value in values.items():
                cells.setdefault(name, {})[row] = value
        columns = list(rows.columns)
        for name, place in zip(self.places.names, self.places.sent):
            columns[place] = _changed(columns[place], cells.get(name))
        added = []
        for field, type in zip(REPAIR_FIELDS, (pa.float64(), pa.float64(), pa.bool_(), pa.string(), pa.string())):
            values = {row: result.get(field.name) for row, result in results.items()}
            added.append(_changed(pa.nulls(rows.num_rows, type), values))
        return self.places.beside(pa.RecordBatch.from_arrays(columns, rows.schema.names), added)


def _outcome(lines: list[dict[str, str]], types: dict[str, pa.DataType]) -> tuple[dict, dict[str, object]]:
    """What to say beside a row, and its new cells, by the log's lines of it."""
    first = lines[0]
    if first["error"]:
        return {"error": ROW_PLACE.sub("", first["error"])}, {}
    changes = [
        {"variable": line["variable"], "from": line["from"] or None, "to": line["to"] or None,
         "gain": float(line["gain"])}
        for line in lines if line["variable"]
    ]  # fmt: skip
    result = {
        "p_value": float(first["row_p_value"]),
        "p_value_after": float(first["row_p_value_after"]),
        "repaired": first["repaired"] == "true",
        "changes": json.dumps(changes, ensure_ascii=False),
    }
    values: dict[str, object] = {}
    if result["repaired"]:
        for change in changes:
            try:
                values[change["variable"]] = _cell(change["to"], types[change["variable"]])
            except (ValueError, ArithmeticError):
                error = f"{change['variable']}: {change['to']!r} does not fit the column's type"
                return result | {"repaired": False, "error": error}, {}
    return result, values


def _cell(text: str | None, type: pa.DataType) -> object:
    """A cell as `made` wrote it, as a value of a column; raises where it is none."""
    if text is None or pa.types.is_string(type) or pa.types.is_large_string(type):
        return text
    if pa.types.is_boolean(type):
        if text.lower() in ("1", "true", "t", "yes", "y"):
            return True
        if text.lower() in ("0", "false", "f", "no", "n"):
            return False
        raise ValueError(text)
    if pa.types.is_date(type):
        return datetime.datetime.fromisoformat(text).date()
    if pa.types.is_timestamp(type):
        clock = datetime.datetime.fromisoformat(text)
        return clock.replace(tzinfo=zoneinfo.ZoneInfo(type.tz)) if type.tz and clock.tzinfo is None else clock
    number = decimal.Decimal(text)
    if pa.types.is_floating(type):
        return float(number)
    if pa.types.is_decimal(type):
        return number.quantize(decimal.Decimal(1).scaleb(-type.scale))
    if number != int(number):
        raise ValueError(text)
    pa.scalar(int(number), type)
    return int(number)


def _changed(column: pa.Array, values: dict[int, object] | None) -> pa.Array:
    """The column with some cells, by row, replaced."""
    if not values:
        return column
    rows = sorted(values)
    mask = [False] * len(column)
    for row in rows:
        mask[row] = True
    return pc.replace_with_mask(column, pa.array(mask), pa.array([values[row] for row in rows], column.type))
