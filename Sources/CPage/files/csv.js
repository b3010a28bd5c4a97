// CSV (RFC 4180): records are kept as the file has them, and taken apart where they are shown.

const delimiters = [",", ";", "\t", "|"];

/** The delimiter that the header has most of, outside of quotes. */
function delimiterOf(header) {
  const plain = header.replace(/"([^"]|"")*"/g, "");
  const counts = delimiters.map(delimiter => plain.split(delimiter).length);
  return delimiters[counts.indexOf(Math.max(...counts))];
}

/** The cells of a record, without quotes. */
function cellsOf(record, delimiter) {
  if (!record.includes('"')) return record.split(delimiter);
  const cells = [];
  let at = 0;
  for (;;) {
    let start = at;
    while (record[start] === " ") start++;
    let cell = "", end;
    if (record[start] === '"') {
      let from = start + 1;
      for (;;) {
        const quote = record.indexOf('"', from);
        if (quote < 0) { cell += record.slice(from); end = record.length; break; }
        cell += record.slice(from, quote);
        if (record[quote + 1] !== '"') { end = record.indexOf(delimiter, quote + 1); break; }
        cell += '"';
        from = quote + 2;
      }
    } else {
      end = record.indexOf(delimiter, at);
      cell = record.slice(at, end < 0 ? undefined : end);
    }
    cells.push(cell);
    if (end < 0 || end >= record.length) return cells;
    at = end + 1;
  }
}

function quoted(cell, delimiter) {
  return cell.includes(delimiter) || /["\r\n]|^\s|\s$/.test(cell) ? '"' + cell.replaceAll('"', '""') + '"' : cell;
}
const recordOf = (cells, delimiter) => cells.map(cell => quoted(cell, delimiter)).join(delimiter);

/** Cuts text that arrives in pieces into records. Blank lines are none, as for the server. */
class RecordCutter {
  #rest = "";
  #open = "";
  #delimiter = null;

  /** Whether a record that ends here would end inside of quotes. */
  #endsInQuotes(record) {
    if (!record.includes('"')) return false;
    this.#delimiter ??= delimiterOf(record);
    let isStart = true, isQuoted = false;
    for (let at = 0; at < record.length; at++) {
      const character = record[at];
      if (isQuoted) {
        if (character === '"') { if (record[at + 1] === '"') at++; else isQuoted = false; }
      } else if (character === '"' && isStart) {
        isQuoted = true;
        isStart = false;
      } else if (character === this.#delimiter) isStart = true;
      else if (character !== " ") isStart = false;
    }
    return isQuoted;
  }

  push(piece, isLast = false) {
    let text = this.#rest + piece;
    // Whether a line feed follows is not known yet.
    let held = "";
    if (!isLast && text.endsWith("\r")) { held = "\r"; text = text.slice(0, -1); }
    const lines = text.split(/\r\n|\n|\r/);
    this.#rest = isLast ? "" : lines.pop() + held;
    const records = [];
    for (const line of lines) {
      const record = this.#open + line;
      this.#delimiter ??= record.trim() ? delimiterOf(record) : null;
      if (this.#endsInQuotes(record)) this.#open = record + "\n";
      else {
        this.#open = "";
        if (record.trim() !== "") records.push(record);
      }
    }
    if (isLast && this.#open) records.push(this.#open.trimEnd());
    return records;
  }
}

/** The text of a file in pieces: gzip is expanded; UTF-8, UTF-16 with its mark, or Latin-1 is read. */
async function* textOfFile(file) {
  const head = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  if (head[0] === 0x28 && head[1] === 0xb5) throw new Error("A browser cannot expand zstd; send gzip or plain text.");
  let stream = file.stream();
  if (head[0] === 0x1f && head[1] === 0x8b) stream = stream.pipeThrough(new DecompressionStream("gzip"));
  const reader = stream.getReader();
  let decoder = null;
  try {
    for (;;) {
      const {value, done} = await reader.read();
      if (done) break;
      decoder ??= new TextDecoder(encodingOf(value));
      yield decoder.decode(value, {stream: true});
    }
    if (decoder) yield decoder.decode();
  } finally {
    reader.cancel().catch(() => {});
  }
}

function encodingOf(bytes) {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  try {
    new TextDecoder("utf-8", {fatal: true}).decode(bytes, {stream: true});
    return "utf-8";
  } catch {
    return "windows-1252";
  }
}
