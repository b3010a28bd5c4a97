#ifndef MADE_ROW_SCANNER_H
#define MADE_ROW_SCANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One pass over the JSON object of a request: the rows of one member go to a matrix of floats, every other member is
/// handed back as JSON text. Where the body is an object, all of it is checked to be JSON, whatever else is wrong with it.

/// The type of a column's values.
typedef enum made_column_kind {
    /// 0, 1, false or true.
    MADE_COLUMN_BINARY,
    /// A label; the matrix gets its index. A text is the label that is spelled like it, else the first that is the same
    /// number: 1, 1.0 and "1" are all the label "1". True and false are the labels "true", "True" or "TRUE" and so on.
    MADE_COLUMN_CATEGORICAL,
    /// A finite number that a float can hold.
    MADE_COLUMN_REAL,
} made_column_kind;

/// Text that is not null-terminated; UTF-8.
typedef struct made_text {
    const char *_Nullable bytes;
    size_t count;
} made_text;

/// One column of the table.
typedef struct made_column {
    made_text name;
    made_column_kind kind;
    /// Categorical only: the labels in the order of their indices.
    const made_text *_Nullable labels;
    size_t label_count;
    /// The index that a text gets which is no label; MADE_NO_LABEL where that is a fault.
    size_t other_label;
} made_column;

/// No label's index.
#define MADE_NO_LABEL SIZE_MAX

/// The columns of a table, for any number of scanners at a time.
typedef struct made_row_schema made_row_schema;

/// Copies `columns`; names are unique. Null where memory is short.
made_row_schema *_Nullable made_row_schema_create(const made_column *_Nonnull columns, size_t count);
void made_row_schema_free(made_row_schema *_Nullable schema);

/// Floats that grow by `realloc`; the owner frees `values` by `free`. All zero is a valid, empty one.
typedef struct made_float_buffer {
    float *_Nullable values;
    size_t count;
    size_t capacity;
} made_float_buffer;

/// What to read.
typedef struct made_scan_request {
    /// Null: the body has no rows of a table; all members are handed back.
    const made_row_schema *_Nullable schema;
    /// The member that holds the rows.
    made_text member;
    /// The member is one row, not an array of rows.
    bool is_single_row;
    /// The member is a tensor of numbers, [rows × columns]: an array of rows, or one of all values row by row. A row is
    /// never an object, and a category is a number, its index.
    bool is_tensor;
    /// The member must be there.
    bool is_required;
    /// More rows, or more values in all, are refused.
    size_t rows_max;
    size_t values_max;
} made_scan_request;

/// What is wrong with the body as a whole.
typedef enum made_scan_status {
    MADE_SCAN_OK,
    MADE_SCAN_NOT_JSON,
    MADE_SCAN_NOT_UTF8,
    MADE_SCAN_EMPTY,
    /// Arrays and objects are nested more than 64 deep.
    MADE_SCAN_TOO_DEEP,
    /// Something follows the object.
    MADE_SCAN_TRAILING,
    MADE_SCAN_NOT_OBJECT,
    /// A member of the object occurs twice: `name`.
    MADE_SCAN_DUPLICATE_MEMBER,
    MADE_SCAN_TOO_MANY_MEMBERS,
    MADE_SCAN_ROWS_MISSING,
    MADE_SCAN_ROWS_NOT_ARRAY,
    MADE_SCAN_TOO_MANY_ROWS,
    MADE_SCAN_OUT_OF_MEMORY,
} made_scan_status;

/// What is wrong with one row.
typedef enum made_row_fault {
    /// Neither an array nor an object: `text`.
    MADE_ROW_NOT_A_ROW,
    /// An array of `found` values.
    MADE_ROW_WRONG_COUNT,
    /// An object with a key that is no variable: `text`.
    MADE_ROW_UNKNOWN_VARIABLE,
    /// An object with two keys for `column`.
    MADE_ROW_DUPLICATE_VARIABLE,
    /// The value of `column` is of a wrong JSON type: `text`.
    MADE_ROW_WRONG_TYPE,
    /// The value of the binary `column` is a number other than 0 and 1: `text`.
    MADE_ROW_NOT_BINARY,
    /// The value of the categorical `column` is none of its labels: `text`.
    MADE_ROW_UNKNOWN_LABEL,
    /// The value of `column` is a number beyond all floats: `text`.
    MADE_ROW_OUT_OF_RANGE,
    /// A line of a stream that is no row at all: `text` says why.
    MADE_ROW_MALFORMED,
} made_row_fault;

/// The first fault of one row.
typedef struct made_row_error {
    made_row_fault fault;
    /// The row is an object of names and values, not an array in the order of the columns.
    bool is_object;
    size_t row;
    size_t column;
    size_t found;
    /// JSON text, except of MADE_ROW_UNKNOWN_VARIABLE and MADE_ROW_UNKNOWN_LABEL: the unescaped string.
    made_text text;
} made_row_error;

/// A member of the object other than the rows.
typedef struct made_member {
    /// Unescaped.
    made_text name;
    /// Valid JSON of at most 64 levels.
    made_text json;
} made_member;

/// What was read. Pointers hold until the scanner's next scan, those into the body as long as the body.
typedef struct made_scan {
    made_scan_status status;
    /// Where the body stops being what it should be, bytes from its start; −1 where that is not known.
    ptrdiff_t offset;
    /// What the parser has to say of it.
    const char *_Nullable reason;
    /// Of MADE_SCAN_DUPLICATE_MEMBER.
    made_text name;
    /// The member of rows was there.
    bool has_rows;
    /// Rows in the body, faulty ones included.
    size_t row_count;
    /// The faulty rows, ascending. The others, and only they, were appended to the matrix, in order.
    const made_row_error *_Nullable errors;
    size_t error_count;
    /// How many of the others have a missing value.
    size_t missing_row_count;
    const made_member *_Nullable members;
    size_t member_count;
} made_scan;

/// Scratch memory of one thread.
typedef struct made_row_scanner made_row_scanner;

/// Null where memory is short.
made_row_scanner *_Nullable made_row_scanner_create(void);
void made_row_scanner_free(made_row_scanner *_Nullable scanner);

/// Bytes that must be readable after the end of a body; what they hold does not matter.
enum { MADE_SCAN_PADDING = 64 };

/// Reads `body`, which has MADE_SCAN_PADDING readable bytes after its end. Good rows [n × columns] are appended to
/// `matrix`, NaN where a value is null or absent; where `status` is not MADE_SCAN_OK, `matrix` is as it was.
made_scan made_row_scanner_scan(
    made_row_scanner *_Nonnull scanner, const made_scan_request *_Nonnull request, const char *_Nonnull body,
    size_t body_bytes, made_float_buffer *_Nonnull matrix);

/// What followed a cell of CSV, or why it is none.
typedef enum made_cell_end {
    /// The cell goes on in the bytes that come next.
    MADE_CELL_UNFINISHED,
    MADE_CELL_COMMA,
    MADE_CELL_LINE,
    /// The end of the stream.
    MADE_CELL_LAST,
    MADE_CELL_TOO_LONG,
    /// Something other than a comma or the line's end follows a closing quote.
    MADE_CELL_QUOTE_NOT_AT_END,
    /// The stream ends within quotes.
    MADE_CELL_QUOTE_UNCLOSED,
} made_cell_end;

/// Longest cell, bytes: a quote that is never closed should not fill the memory.
enum { MADE_CELL_BYTES_MAX = 65536 };

/// A cell of CSV (RFC 4180).
typedef struct made_cell {
    made_cell_end end;
    /// Its bytes, quotes taken off; they hold until the next cell.
    made_text text;
    bool is_quoted;
    /// Number of the line it ended in, from 1.
    size_t line;
    /// How many bytes were read.
    size_t byte_count;
} made_cell;

/// Cuts a stream of bytes that come in pieces into cells. A UTF-8 byte order mark at its start is passed over.
typedef struct made_cell_cutter made_cell_cutter;

/// Null where memory is short.
made_cell_cutter *_Nullable made_cell_cutter_create(void);
void made_cell_cutter_free(made_cell_cutter *_Nullable cutter);

/// Reads the next cell. `is_last`: nothing comes after these bytes.
made_cell made_cell_cutter_next(
    made_cell_cutter *_Nonnull cutter, const char *_Nullable bytes, size_t count, bool is_last);

/// Reads `text` as a cell for column `column` of `schema`. An empty cell is a missing value, NaN, unless it is quoted and the
/// column has an empty label. False where it is none of the column's values: `error` then says why, of row 0.
bool made_row_schema_read_cell(
    const made_row_schema *_Nonnull schema, size_t column, made_text text, bool is_quoted, float *_Nonnull value,
    made_row_error *_Nonnull error);

/// How the rows of a stream are written.
typedef enum made_stream_format {
    /// A JSON row a line.
    MADE_STREAM_NDJSON,
    /// RFC 4180; a first line that names the columns names all of them, in any order.
    MADE_STREAM_CSV,
} made_stream_format;

/// Whether the first line of CSV names the columns.
typedef enum made_stream_header {
    MADE_HEADER_PRESENT,
    /// No: every line has all columns, in the schema's order.
    MADE_HEADER_ABSENT,
    /// Yes where the first cell is the name of a column.
    MADE_HEADER_GUESSED,
} made_stream_header;

/// What is wrong with a stream as a whole; `name` is the column's.
typedef enum made_stream_status {
    MADE_STREAM_OK,
    MADE_STREAM_HEADER_MISSING,
    /// It is not UTF-8, or not CSV.
    MADE_STREAM_HEADER_MALFORMED,
    MADE_STREAM_HEADER_UNKNOWN,
    MADE_STREAM_HEADER_REPEATED,
    MADE_STREAM_HEADER_INCOMPLETE,
    MADE_STREAM_OUT_OF_MEMORY,
} made_stream_status;

/// What was read of a stream. Pointers hold until the next read.
typedef struct made_stream_read {
    made_stream_status status;
    made_text name;
    /// Of CSV; MADE_HEADER_GUESSED as long as it is not known.
    made_stream_header header;
    /// How many bytes were read.
    size_t byte_count;
    /// Lines that ended, faulty ones included.
    size_t row_count;
    /// The faulty ones, ascending. The others, and only they, were appended to the matrix, in order.
    const made_row_error *_Nullable errors;
    size_t error_count;
    /// How many of the others have a missing value.
    size_t missing_row_count;
} made_stream_read;

/// Rows of a body that comes in pieces: every line of it is a row, good or faulty. What it holds in memory has a bound,
/// whatever comes.
typedef struct made_row_stream made_row_stream;

/// `schema` must outlive the stream; `header` is of CSV. Null where memory is short.
made_row_stream *_Nullable made_row_stream_create(
    const made_row_schema *_Nonnull schema, made_stream_format format, made_stream_header header);
void made_row_stream_free(made_row_stream *_Nullable stream);

/// Reads on, at most `rows_max` rows; it has then not read all bytes. `is_last`: nothing comes after these bytes.
made_stream_read made_row_stream_read(
    made_row_stream *_Nonnull stream, const char *_Nullable bytes, size_t count, bool is_last, size_t rows_max,
    made_float_buffer *_Nonnull matrix);

#ifdef __cplusplus
}
#endif

#include "CTableScanner.h"

#endif
