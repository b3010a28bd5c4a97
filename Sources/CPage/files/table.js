// A table that is read and scored in batches: what arrives is ranked while the rest is on its way.

let sheet = null;
/** The share of false alarms accepted, for rows that are judged here; null for a model without calibration. */
let alpha = null, isAlphaMoved = false;

const alphaLeast = () => card.calibration?.smallest_p_value ?? 0;
/** The columns that a table of this model may have: those that training left out are passed over. */
const knownNames = () => new Set([...card.variables.map(variable => variable.name),
  ...(card.table?.columns || []).map(column => column.name)]);

function newSheet(name, pieces, size) {
  return {
    name, pieces, size, readSize: 0, isRead: false, isStopped: false, cutter: new RecordCutter(),
    header: null, hasHeader: true, headerLine: "", delimiter: ",", ignoresUnknown: false, absent: [],
    records: [], batchRows: 200, isPumping: false,
    // Of what is scored. `firstScores` rank: a row keeps its place when it is repaired.
    scored: 0, firstScores: [], firstPValues: [], firstGroups: [], scores: [], pValues: [], groups: [], faults: new Map(),
    findings: new Map(), repairs: new Map(), edits: new Map(), versions: new Map(), controller: new AbortController(),
  };
}

/** Takes in a table. `pieces` yields its text; `size` is its length where that is known. */
async function loadTable(name, pieces, size) {
  closeTable();
  const mine = sheet = newSheet(name, pieces, size);
  say("table-error");
  $("drop").hidden = true;
  $("work").hidden = false;
  $("source").textContent = name;
  $("statistic-choice").hidden = (card.calibration?.statistics?.length || 0) < 2;
  for (const option of $("statistic").options) option.hidden = !card.calibration?.statistics?.includes(option.value);
  $("missing").value = "outcome";
  resetRanking();
  try {
    const settings = await ask(path("score"), {rows: []});
    if (mine !== sheet) return;
    if (!isAlphaMoved || alpha === null) alpha = settings.alpha === undefined ? null
        : Math.max(settings.alpha, alphaLeast());
    if (settings.statistic) $("statistic").value = settings.statistic;
    showAlpha();
  } catch (error) {
    return failTable(mine, error);
  }
  await pump(mine);
}

function closeTable() {
  sheet?.controller.abort();
  if (sheet) sheet.isStopped = true;
  sheet = null;
  $("work").hidden = true;
  $("drop").hidden = false;
}

function failTable(failed, error) {
  if (failed !== sheet) return;
  failed.isStopped = true;
  say("table-error", error.message);
  if (!failed.scored) {
    closeTable();
    $("table-error").hidden = false;
  } else refreshRanking();
}

/** Reads and scores until there is nothing left, or it is told to stop. */
async function pump(mine) {
  if (mine.isPumping) return;
  mine.isPumping = true;
  work(1);
  try {
    while (mine === sheet && !mine.isStopped) {
      const waiting = mine.records.length - mine.scored;
      if (waiting && (mine.isRead || waiting >= mine.batchRows)) await scoreBatch(mine);
      else if (!mine.isRead) await readMore(mine);
      else break;
    }
    if (mine === sheet && mine.isRead && !mine.records.length) {
      throw new Error(mine.header ? "There are no rows below the header." : "There is nothing in it.");
    }
  } catch (error) {
    failTable(mine, error);
  } finally {
    mine.isPumping = false;
    refreshRanking();
    work(-1);
  }
}

async function readMore(mine) {
  const {value, done} = await mine.pieces.next();
  mine.readSize += value?.length || 0;
  mine.isRead = Boolean(done);
  for (const record of mine.cutter.push(value || "", mine.isRead)) {
    if (mine.header) mine.records.push(record);
    else takeHeader(mine, record);
  }
}

function takeHeader(mine, line) {
  if (/^\s*[[{]/.test(line)) throw new Error("That looks like JSON; this page reads CSV. POST /score takes both.");
  mine.delimiter = delimiterOf(line);
  const cells = cellsOf(line, mine.delimiter).map(cell => cell.trim());
  const known = knownNames(), variables = card.variables.map(variable => variable.name);
  const notes = [];
  if (!cells.some(cell => known.has(cell))) {
    if (cells.length !== variables.length) {
      throw new Error("The first line names none of the model’s columns: " + variables.slice(0, 8).join(", ") +
        (variables.length > 8 ? " … (" + variables.length + ")" : "") + ".");
    }
    mine.hasHeader = false;
    mine.header = variables;
    mine.records.push(line);
    notes.push("The first line names no column of the model, so it counts as a row, in the model’s order of columns.");
  } else {
    mine.header = cells;
    mine.headerLine = line;
    const unknown = cells.filter(cell => !known.has(cell)), absent = variables.filter(name => !cells.includes(name));
    mine.ignoresUnknown = unknown.length > 0;
    if (unknown.length) notes.push("Not of this model, and passed over: " + listed(unknown) + ".");
    if (absent.length) {
      mine.absent = absent;
      $("missing").value = "unknown";
      notes.push("Not in this table, so not known: " + listed(absent) + ".");
    }
  }
  mine.isWide = mine.header.length > 40;
  say("notice", notes.join(" "));
  showHead(mine);
}

const listed = names => names.slice(0, 6).join(", ") + (names.length > 6 ? " and " + (names.length - 6) + " more" : "");

async function scoreBatch(mine) {
  const start = mine.scored, signal = mine.controller.signal;
  const batch = mine.records.slice(start, start + mine.batchRows);
  const began = performance.now();
  let answers;
  try {
    answers = await scoreLines(mine, batch, 0, signal);
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  if (signal.aborted) return;
  answers.forEach((answer, index) => take(mine, start + index, answer, true));
  mine.scored += batch.length;
  // Batches of a third of a second: short enough to watch, long enough that their number costs nothing.
  const factor = Math.min(4, 330 / Math.max(1, performance.now() - began));
  mine.batchRows = Math.round(Math.min(20000, Math.max(20, batch.length * factor)));
  refreshRanking();
}

/** The server's answers to records, an object each, in their order. */
async function scoreLines(mine, records, explain, signal) {
  const query = new URLSearchParams({missing: $("missing").value});
  if (!$("statistic-choice").hidden) query.set("statistic", $("statistic").value);
  if (mine.ignoresUnknown) query.set("ignore_unknown", "true");
  if (explain) query.set("explain", explain);
  // CSV has to have all columns of the model.
  const names = [mine.headerLine, ...mine.absent.map(name => quoted(name, mine.delimiter))].join(mine.delimiter);
  const end = mine.delimiter.repeat(mine.absent.length) + "\n";
  const text = await request(path("score") + "?" + query, {
    body: (mine.hasHeader ? names + "\n" : "") + records.map(record => record + end).join(""), signal,
    type: mine.hasHeader ? "text/csv" : "text/csv; header=absent", accept: "application/x-ndjson"});
  const answers = text.trimEnd().split("\n").map(line => JSON.parse(line));
  if (answers.length !== records.length) {
    throw new Error("The server sees " + plural(answers.length, "row") + " where this page sees " + records.length +
      ": a quote may be open in one of them.");
  }
  return answers;
}

function take(mine, index, answer, isFirst) {
  const score = answer.score ?? (answer.log_likelihood === null ? null : -answer.log_likelihood);
  if (answer.error) mine.faults.set(index, answer.error);
  mine.scores[index] = score;
  mine.pValues[index] = answer.p_value ?? null;
  mine.groups[index] = mine.pValues[index] === null ? undefined : answer.group;
  if (isFirst) {
    mine.firstScores[index] = score;
    mine.firstPValues[index] = mine.pValues[index];
    mine.firstGroups[index] = mine.groups[index];
  }
}

/** Scores all again, as the choices stand now. */
function scoreAgain() {
  const mine = sheet;
  mine.controller.abort();
  mine.controller = new AbortController();
  for (const map of [mine.faults, mine.findings, mine.repairs, mine.edits]) map.clear();
  Object.assign(mine, {scored: 0, firstScores: [], firstPValues: [], firstGroups: [], scores: [], pValues: [], groups: [],
    isStopped: false});
  resetRanking();
  showHead(mine);
  // A pump that runs goes on with the first row.
  pump(mine);
}

const isFlagged = (mine, index) =>
  alpha !== null && mine.pValues[index] !== null && mine.pValues[index] <= alpha * (1 + 1e-9);

/** The cells of a row as they are now. */
function cellsNow(mine, index) {
  const cells = cellsOf(mine.records[index], mine.delimiter);
  for (const [column, text] of mine.edits.get(index) || []) cells[column] = text;
  return cells;
}

/** A value of an answer as the table would write it. */
function cellText(name, value) {
  if (value === null || value === undefined) return "";
  return typeof value === "number" && tableColumn(name)?.decimal === "," ? String(value).replace(".", ",")
      : String(value);
}

/** The row as an object of the model's columns, for requests in JSON. */
function objectOf(mine, index) {
  const cells = cellsNow(mine, index), object = {};
  for (const variable of card.variables) {
    const column = mine.header.indexOf(variable.name);
    if (column >= 0) object[variable.name] = (cells[column] ?? "").trim() === "" ? null : cells[column];
  }
  return object;
}

/** Puts values in the place of others, and scores those rows again: [[row, [[column, text]]]]. */
async function edit(mine, changes) {
  for (const [index, cells] of changes) {
    const edits = new Map(mine.edits.get(index) || []);
    for (const [column, text] of cells) edits.set(column, text);
    mine.edits.set(index, edits);
    touch(mine, index);
  }
  const records = changes.map(([index]) => recordOf(cellsNow(mine, index), mine.delimiter));
  const answers = await scoreLines(mine, records, 0, mine.controller.signal);
  changes.forEach(([index], place) => {
    take(mine, index, answers[place], false);
    mine.findings.delete(index);
    mine.repairs.delete(index);
    touch(mine, index);
  });
}

function undo(mine, index) {
  mine.edits.delete(index);
  mine.scores[index] = mine.firstScores[index];
  mine.pValues[index] = mine.firstPValues[index];
  mine.groups[index] = mine.firstGroups[index];
  mine.faults.delete(index);
  mine.findings.delete(index);
  mine.repairs.delete(index);
  touch(mine, index);
}

const touch = (mine, index) => mine.versions.set(index, (mine.versions.get(index) || 0) + 1);

function downloadTable() {
  const lines = sheet.records.map((record, index) =>
    sheet.edits.has(index) ? recordOf(cellsNow(sheet, index), sheet.delimiter) : record);
  if (sheet.hasHeader) lines.unshift(sheet.headerLine);
  download(baseName() + (sheet.edits.size ? "-repaired.csv" : ".csv"), lines.join("\n") + "\n");
}

function downloadScores() {
  const hasGroups = groupColumn() !== undefined;
  const lines = ["row,score,p_value," + (hasGroups ? "group," : "") + "anomaly,repaired,error"];
  for (let index = 0; index < sheet.scored; index++) {
    lines.push([index + 1, sheet.scores[index] ?? "", sheet.pValues[index] ?? "",
      ...(hasGroups ? [quoted(sheet.groups[index] ?? "", ",")] : []),
      sheet.pValues[index] === null || alpha === null ? "" : isFlagged(sheet, index), sheet.edits.has(index),
      quoted(sheet.faults.get(index) || "", ",")].join(","));
  }
  download(baseName() + "-scores.csv", lines.join("\n") + "\n");
}

const baseName = () => sheet.name.replace(/(\.(csv|tsv|txt|gz))+$/i, "").replace(/[^\w.-]+/g, "-") || "table";

/** Rows of the model with some values spoiled, for who has no table at hand. */
async function loadExample() {
  try {
    const mine = card;
    const rows = (await ask(path("sample"), {n: 300})).rows;
    if (mine !== card) return;
    for (let place = 20; place < rows.length; place += 60) {
      const column = Math.floor(Math.random() * card.variables.length);
      rows[place][column] = spoiled(card.variables[column], rows[place][column]);
    }
    const lines = [card.variables.map(variable => variable.name), ...rows].map(row =>
      recordOf(row.map((value, column) => cellText(card.variables[column].name, value)), ","));
    loadText("Drawn rows", lines.join("\n"));
  } catch (error) {
    say("table-error", error.message);
  }
}

const loadText = (name, text) => loadTable(name, (async function* () { yield text; })(), text.length);
const loadFile = file => loadTable(file.name, textOfFile(file), file.size);
