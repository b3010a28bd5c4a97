#ifndef MADE_ROWS_H
#define MADE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Bytes to cells, and cells to the values of a model's variables: CSV, rows of JSON, tensors. One rule says what a number is,
// one what a label is, one what a missing value is; every way in goes through them.

/// Text that is not null-terminated; UTF-8.
typedef struct made_text {
    const char *_Nullable bytes;
    size_t count;
} made_text;

// MARK: - Numbers

/// How the numbers of a column are written beyond what every number may have. All zero is the plain form, in which the
/// point is the only mark.
typedef struct made_number_form {
    /// The fraction stands behind a comma, not a point.
    bool has_decimal_comma;
    /// Between groups of three digits of the whole part, where a number has it at all: one of , . ' _ and the space, which
    /// also stands for U+00A0 and U+202F; 0 for none. Such a number does not begin with 0.
    char group_separator;
    /// May stand before or after the number, with or without blanks between: a currency or percent sign such as "$", "€", "%",
    /// "EUR". Empty for none.
    made_text unit;
    /// A number in parentheses is negative, as accountants write it: (1,200) is −1200.
    bool has_parentheses;
} made_number_form;

/// Reads all of `text`, outer blanks aside, as a decimal number: digits with at most one sign, one point and one exponent
/// (1, +1, -.5, 5., 1e5, 1E+05), and what `form` allows besides. False where it is none. The nearest double, infinite where it
/// is beyond all doubles; names such as nan and inf are no numbers.
bool made_read_number(made_text text, const made_number_form *_Nonnull form, double *_Nonnull number);

/// The form that all of `texts` can be read by, the plain one where that is enough; false where there is none.
///
/// A unit is a currency sign, %, or at most three letters, which do not stand right before a digit: A1 is a code.
/// A comma or point that could be either is the decimal one where some text shows it (other than three digits behind it, or
/// two different marks of which it is the last), else where `prefers_decimal_comma`; else it separates groups.
/// The unit points into `texts`.
bool made_find_number_form(
    const made_text *_Nonnull texts, size_t count, bool prefers_decimal_comma, made_number_form *_Nonnull form);

/// Writes a text that is the same for every spelling of the number that all of `text` writes, exactly and of any size, to `to`,
/// which has room for `capacity` bytes: a whole number by its digits, another by digits and an exponent. Returns the bytes that
/// it takes, which may be more than `capacity`: then nothing is written. 0 where `text` is no number, or digits after a leading
/// zero, which are a text of their own. It is what labels that are numbers are compared by.
size_t made_number_label(made_text text, char *_Nullable to, size_t capacity);

/// Writes the Unicode normal form C of `text`, outer blanks (space, tab, CR, LF, U+00A0, U+FEFF) taken off, to `to`, which has
/// room for `capacity` bytes; returns the bytes that it takes, which may be more than `capacity`: then nothing is written.
/// Bytes that are not UTF-8 stay as they are. Never more than 3 times the text's own (Unicode Standard Annex #15).
size_t made_normalise(made_text text, char *_Nullable to, size_t capacity);

// MARK: - Dates and times

/// Which of two numbers beside a year is the day.
typedef enum made_date_order {
    MADE_MONTH_FIRST,
    MADE_DAY_FIRST,
    /// Where nothing tells: the first one between points (1.3.2024), else the second (3/1/2024).
    MADE_USUAL_ORDER,
} made_date_order;

/// What a date is like.
enum made_date_facts {
    /// It has a day, a time of day; one of them at least.
    MADE_DATE_HAS_DAY = 1,
    MADE_DATE_HAS_TIME = 2,
    /// It is a month: 2024-03.
    MADE_DATE_IS_MONTH = 4,
    /// It is a date by one of the orders alone.
    MADE_DATE_SHOWS_ORDER = 8,
};

/// A date, a time of day or both.
typedef struct made_date {
    /// Since 1970-01-01T00:00 by the calendar and the clock that were written, whatever their zone; of a time of day alone
    /// since midnight.
    double seconds;
    /// Of `made_date_facts`.
    unsigned facts;
    /// What writes it again: the codes of strftime, %-d and %-m for numbers without a leading zero, %3f for three places of a
    /// second, and the zone as it stood. Ends with a zero.
    char pattern[96];
} made_date;

/// Reads all of `text`, outer blanks aside, as a date (ISO 8601; with slashes or points; with names of months), a time of day, or
/// both, with or without a zone. False where it is none.
bool made_read_date(made_text text, made_date_order order, made_date *_Nonnull date);

/// Writes `seconds` by `pattern` to `to`, which has room for `capacity` bytes; returns the bytes that it takes, which may be more
/// than `capacity`: then nothing is written.
size_t made_write_date(double seconds, made_text pattern, char *_Nullable to, size_t capacity);

/// The same time of the day that is meant where day and month were taken for each other; `seconds` where there is none.
double made_swap_day_and_month(double seconds);

// MARK: - The table's columns

/// The type of a variable.
typedef enum made_column_kind {
    /// 0 and 1. A boolean, a word for one (true, false, t, f, yes, no, y, n in any case), a number equal to 0 or 1, or one of
    /// the column's two labels.
    MADE_COLUMN_BINARY,
    /// A label; the value is its index. See `are_numbers`.
    MADE_COLUMN_CATEGORICAL,
    /// A finite number x; the value is (t - centre) * scale, rounded once, held within ±1e30, where t is x itself or, with a
    /// linear_width w above 0, w sign(x) log(1 + |x| / w).
    MADE_COLUMN_REAL,
    /// A date or a time: see `made_part` for what becomes of it. Its number are the seconds of `made_date`, its value means
    /// nothing. An element of a tensor is a number of `clock_units`.
    MADE_COLUMN_CLOCK,
} made_column_kind;

/// What the numbers of a column of dates count, from 1970 on in UTC.
typedef enum made_clock_units {
    /// Its cells are texts; of a tensor, seconds.
    MADE_CLOCK_TEXTS,
    MADE_CLOCK_SECONDS,
    MADE_CLOCK_MILLISECONDS,
} made_clock_units;

/// One column and how its cells are read. Where columns are variables it is a variable, too.
///
/// Texts are compared in normal form C without outer blanks; those given here are so already.
typedef struct made_column {
    made_text name;
    made_column_kind kind;
    /// The labels in the order of their indices; of a binary column none, or the two texts that stand for 0 and 1.
    const made_text *_Nullable labels;
    size_t label_count;
    /// Categorical only: labels of few rows, whose values follow on those of `labels`.
    const made_text *_Nullable rare_labels;
    size_t rare_label_count;
    /// Categorical only. The labels are numbers: every spelling of the same number, exactly and of any size, is the same
    /// label (1, 1.0, +1, 1e0), digits after a leading zero (007) excepted, which are a text of their own. Where it is false
    /// a label is its text; only a number of JSON is then the label that spells the same number as a plain whole number.
    bool are_numbers;
    /// The value of a label that is none of these; MADE_NO_LABEL where it is unseen.
    size_t other_label;
    /// A label, or a number of a binary column, that is none of the column's is MADE_UNSEEN; else a fault. Text that is no
    /// number remains a fault of a binary column without labels. A missing value is unseen, too, unless `has_missing`:
    /// MADE_UNSEEN, or of a real column MADE_UNSEEN_MISSING.
    bool has_unseen;
    /// A missing value is an outcome like another: MADE_OUTCOME. Without this and `has_unseen` it is NaN.
    bool has_missing;
    /// Texts that stand for a missing value, besides the empty one, unless they are labels. One that is a number stands in every
    /// spelling, but in a column of labels that are texts.
    const made_text *_Nullable missing;
    size_t missing_count;
    /// Real and binary columns: how numbers are written in texts. JSON's own numbers are plain.
    made_number_form form;
    double centre;
    double scale;
    double linear_width;
    /// Real columns: numbers that are outcomes of their own, ascending; number k is (k + 2) * MADE_OUTCOME.
    const double *_Nullable atoms;
    size_t atom_count;
    /// Of clocks.
    made_clock_units clock_units;
    made_date_order date_order;
} made_column;

/// What of a column a variable is.
typedef enum made_part {
    /// The value itself.
    MADE_PART_VALUE,
    /// Of a clock: days since Monday, months since January.
    MADE_PART_WEEKDAY,
    MADE_PART_MONTH,
    /// Of a clock: seconds since `origin` seconds after midnight.
    MADE_PART_TIME,
    /// Of a clock: seconds since the clock `since` of the same row.
    MADE_PART_ELAPSED,
} made_part;

/// A variable of a model whose variables are not its columns.
typedef struct made_variable {
    made_part part;
    /// Indices of columns.
    size_t column;
    size_t since;
    double origin;
    /// Of a part of a clock: what becomes of its number.
    made_column rules;
} made_variable;

/// No label's index.
#define MADE_NO_LABEL SIZE_MAX
/// The value of a label that was never seen, and of a number other than 0 and 1 of a binary column.
#define MADE_UNSEEN (-1.0f)
/// The value of an outcome, of which there may be multiples: beyond all others.
#define MADE_OUTCOME 0x1p101f
/// The value of a missing number where one was never seen.
#define MADE_UNSEEN_MISSING (-MADE_OUTCOME)
/// The place of a column that is passed over.
#define MADE_PASSED_OVER SIZE_MAX

/// The number of a weekday, a month or a time of day at `seconds`, which mean what those of `made_date` do; `seconds` of another
/// part. NaN for NaN.
double made_part_number(made_part part, double seconds, double origin);

/// A column of the table that the model was trained on.
typedef struct made_table_place {
    made_text name;
    /// Which of the columns that are read it is, or MADE_PASSED_OVER.
    size_t column;
} made_table_place;

/// The columns of a table, for any number of readers at a time.
typedef struct made_row_schema made_row_schema;

/// Copies all that it is given; names of columns are unique. `places` are the table's columns in its order, which lines
/// without a header have too. `variables` are the model's, in its order; none where they are the columns. Null where memory is
/// short.
made_row_schema *_Nullable made_row_schema_create(
    const made_column *_Nonnull columns, size_t count, const made_table_place *_Nonnull places, size_t place_count,
    const made_variable *_Nullable variables, size_t variable_count);
void made_row_schema_free(made_row_schema *_Nullable schema);

/// Choices of one reader.
typedef struct made_row_options {
    /// What would be MADE_UNSEEN is a fault, but for a missing value.
    bool refuses_unseen;
    /// A missing value is one that is not known, NaN, whatever the column has for it.
    bool missing_is_unknown;
    /// Columns that are neither a variable nor the table's are passed over.
    bool ignores_unknown;
    /// The numbers themselves are kept beside the values: see `made_row_buffer`.
    bool keeps_numbers;
    /// Of a stream: the lines of faulty rows are handed back.
    bool keeps_faulty_lines;
} made_row_options;

/// Rows [n × variables], or [n × 1] of one column, that grow by `realloc`; the owner frees both arrays by `free`. All zero is a valid, empty one.
typedef struct made_row_buffer {
    /// What the model takes; NaN for a value that is not known.
    float *_Nullable values;
    /// As many, where they are kept: of a real variable the number before centre and scale, of others the value again.
    double *_Nullable numbers;
    size_t count;
    size_t capacity;
} made_row_buffer;

/// What a single value is written as.
typedef enum made_value_form {
    /// A cell of CSV without quotes: empty, it is missing.
    MADE_VALUE_CELL,
    /// A cell of CSV in quotes, or a string of JSON: empty, it is the empty label where there is one, else missing.
    MADE_VALUE_STRING,
    /// A number of JSON.
    MADE_VALUE_NUMBER,
    /// true or false of JSON.
    MADE_VALUE_BOOLEAN,
    /// A number of a tensor, in which a category is its index.
    MADE_VALUE_ELEMENT,
} made_value_form;

/// What is wrong with one row.
typedef enum made_row_fault {
    MADE_ROW_GOOD,
    /// Neither an array nor an object: `text`.
    MADE_ROW_NOT_A_ROW,
    /// `found` values.
    MADE_ROW_WRONG_COUNT,
    /// A key that is no column: `text`.
    MADE_ROW_UNKNOWN_VARIABLE,
    /// Two keys for `column`.
    MADE_ROW_DUPLICATE_VARIABLE,
    /// The value of `column` is of a wrong JSON type, or text where a number belongs, or none that a binary column knows: `text`.
    MADE_ROW_WRONG_TYPE,
    /// The value of the binary `column` is a number other than 0 and 1: `text`.
    MADE_ROW_NOT_BINARY,
    /// The value of the categorical `column` is none of its labels: `text`.
    MADE_ROW_UNKNOWN_LABEL,
    /// The value of `column` is a number beyond all doubles: `text`.
    MADE_ROW_OUT_OF_RANGE,
    /// A line of a stream that is no row at all: `text` says why.
    MADE_ROW_MALFORMED,
    /// The value of `column` is none that the type of the tensor's elements holds: `text`.
    MADE_ROW_WRONG_ELEMENT,
} made_row_fault;

/// Reads one value of column `column`, of which `text` is the cell's text, the string unescaped, or the token. NaN where it is
/// missing. Every reader of rows does what this does.
made_row_fault made_row_schema_read_value(
    const made_row_schema *_Nonnull schema, size_t column, made_text text, made_value_form form, made_row_options options,
    float *_Nonnull value, double *_Nonnull number);

/// Makes rows of variables [n × variables] of rows of columns [n × columns], which were read value by value. `to_numbers` may be
/// null. Returns how many of them a plain pass cannot score.
size_t made_row_schema_expand(
    const made_row_schema *_Nonnull schema, const float *_Nonnull values, const double *_Nonnull numbers, size_t row_count,
    made_row_options options, float *_Nonnull to, double *_Nullable to_numbers);

/// The first fault of one row.
typedef struct made_row_error {
    made_row_fault fault;
    /// The row is an object of names and values, not an array in the order of the columns.
    bool is_object;
    size_t row;
    size_t column;
    size_t found;
    /// As the value, or the key, came; of an array or an object, and in tensors, JSON text.
    made_text text;
    /// Of a stream that keeps it, the line as it came, without its end; empty of one that is too long.
    made_text line;
} made_row_error;

/// A cell that is handed back as it came.
typedef struct made_kept_cell {
    /// The cell's text, or the string unescaped; of other JSON values the text of the token. Empty where there is none.
    made_text text;
    /// `text` is JSON: a number, true, false, an array or an object.
    bool is_json;
    /// There is no such cell, or it is null.
    bool is_absent;
} made_kept_cell;

// MARK: - A body of JSON

/// What the member that holds the rows looks like.
typedef enum made_rows_form {
    /// An array of rows, each an array in the variables' order or an object.
    MADE_ROWS_ARRAY,
    /// One row, or null, which is none.
    MADE_ROWS_SINGLE,
    /// A tensor of numbers, [rows × columns]: an array of rows, or one of all values row by row. A row is never an object, and
    /// a category is a number, its index.
    MADE_ROWS_TENSOR,
    /// The values of one variable, `column`, an array flat or of arrays of one: the buffer gets [rows × 1].
    MADE_ROWS_COLUMN,
} made_rows_form;

/// Values that a type of elements holds.
typedef enum made_element_kind {
    /// Whatever JSON has.
    MADE_ELEMENT_ANY,
    /// true and false, and the numbers 1 and 0, which are read as those.
    MADE_ELEMENT_TRUTH,
    /// Numbers; whole ones, however they are written; whole ones from 0 on.
    MADE_ELEMENT_FLOAT,
    MADE_ELEMENT_INTEGER,
    MADE_ELEMENT_UNSIGNED,
} made_element_kind;

/// The type of a tensor's elements. All zero holds every value.
typedef struct made_element_type {
    made_element_kind kind;
    /// Of numbers: 8, 16, 32 or 64.
    unsigned bits;
} made_element_type;

/// What to read.
typedef struct made_scan_request {
    /// Null: the body has no rows of a table; all members are handed back.
    const made_row_schema *_Nullable schema;
    made_row_options options;
    /// The member that holds the rows.
    made_text member;
    made_rows_form form;
    /// Of MADE_ROWS_COLUMN.
    size_t column;
    /// Of tensors: what a value that is not null must be.
    made_element_type elements;
    /// The member must be there.
    bool is_required;
    /// More rows, or more values in all, are refused.
    size_t rows_max;
    size_t values_max;
    /// Of rows other than a tensor's: names of columns whose cells are handed back, as of a stream.
    const made_text *_Nullable kept;
    size_t kept_count;
    /// A body that is more than four times as large is indexed in parts of about so many bytes; 0: MADE_PIECE_BYTES. What is
    /// read does not depend on it.
    size_t piece_bytes;
    /// Called before what a scan holds beside the body, now `byte_count` in all, becomes more by a lot; the scan ends where it
    /// says no. Null: there is no bound.
    bool (*_Nullable take_memory)(void *_Nullable context, size_t byte_count);
    void *_Nullable memory_context;
} made_scan_request;

/// Bytes of a body that are indexed at once. The index takes up to four times as much.
enum { MADE_PIECE_BYTES = 64 << 10 };

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
    /// `take_memory` said no.
    MADE_SCAN_MEMORY_REFUSED,
} made_scan_status;

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
    /// The faulty rows, ascending. The others, and only they, were appended to the buffer, in order.
    const made_row_error *_Nullable errors;
    size_t error_count;
    /// How many of the others have a missing value, an unseen one, or a rare label: rows that a plain pass cannot score.
    size_t special_row_count;
    const made_member *_Nullable members;
    size_t member_count;
    /// [row_count × kept columns], faulty rows included.
    const made_kept_cell *_Nullable kept;
} made_scan;

/// Scratch memory of one thread.
typedef struct made_row_scanner made_row_scanner;

/// Null where memory is short.
made_row_scanner *_Nullable made_row_scanner_create(void);
void made_row_scanner_free(made_row_scanner *_Nullable scanner);

/// Bytes that must be readable after the end of a body; what they hold does not matter.
enum { MADE_SCAN_PADDING = 64 };

/// One pass over the JSON object `body`, which has MADE_SCAN_PADDING readable bytes after its end: the rows of one member are
/// appended to `buffer`, every other member is handed back as JSON text. Where `status` is not MADE_SCAN_OK, `buffer` is as it
/// was. All of an object is checked to be JSON, whatever else is wrong with it.
made_scan made_row_scanner_scan(
    made_row_scanner *_Nonnull scanner, const made_scan_request *_Nonnull request, const char *_Nonnull body,
    size_t body_bytes, made_row_buffer *_Nonnull buffer);

// MARK: - Lines

/// How the rows of a stream are written.
typedef enum made_stream_format {
    /// A JSON row a line.
    MADE_STREAM_NDJSON,
    /// RFC 4180, and what else people call CSV: see `made_row_stream`.
    MADE_STREAM_CSV,
} made_stream_format;

/// Whether the first line of CSV names the columns.
typedef enum made_stream_header {
    MADE_HEADER_PRESENT,
    /// No: every line has all columns of the table, or all variables, in their order; the first line that has as many cells
    /// decides.
    MADE_HEADER_ABSENT,
    /// Yes where one of its cells is the name of a column.
    MADE_HEADER_GUESSED,
} made_stream_header;

/// What is wrong with a stream as a whole; `name` is the column's.
typedef enum made_stream_status {
    MADE_STREAM_OK,
    /// It is not UTF-8, or not CSV.
    MADE_STREAM_HEADER_MALFORMED,
    MADE_STREAM_HEADER_UNKNOWN,
    MADE_STREAM_HEADER_REPEATED,
    MADE_STREAM_HEADER_INCOMPLETE,
    /// CSV has no column that is called as one whose cells are to be handed back.
    MADE_STREAM_KEPT_UNKNOWN,
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
    /// Rows that ended, faulty ones included.
    size_t row_count;
    /// The faulty ones, ascending. The others, and only they, were appended to the buffer, in order.
    const made_row_error *_Nullable errors;
    size_t error_count;
    /// As of `made_scan`.
    size_t special_row_count;
    /// [row_count × kept columns], faulty rows included.
    const made_kept_cell *_Nullable kept;
} made_stream_read;

/// Rows of a body that comes in pieces: every line of it that is not blank is a row, good or faulty. What it holds in memory
/// has a bound, whatever comes.
///
/// CSV is RFC 4180 with any separator, LF, CRLF or CR at line ends, and quotes that are data within an unquoted cell. The
/// separator is the one of , ; tab | that the first line has most of outside quotes, the comma where it has none, or the one that
/// a line `sep=;` before it names. Lines before it are comments that begin with #, where a space, tab, #, ! or the line's end
/// follows or the line has no separator; so is a later line of one cell that begins with #, where a row has more. Columns are
/// found by name, in normal form C without outer blanks; one without a name is passed over.
typedef struct made_row_stream made_row_stream;

/// `schema` must outlive the stream; `header` is of CSV. `kept` are the names of columns whose cells are handed back, which
/// need not be the table's and are then no unknown ones. Null where memory is short.
made_row_stream *_Nullable made_row_stream_create(
    const made_row_schema *_Nonnull schema, made_row_options options, made_stream_format format,
    made_stream_header header, const made_text *_Nullable kept, size_t kept_count);
void made_row_stream_free(made_row_stream *_Nullable stream);

/// Reads on, at most `rows_max` rows; it has then not read all bytes. `is_last`: nothing comes after these bytes. A stream
/// without a line has no rows and is no fault.
made_stream_read made_row_stream_read(
    made_row_stream *_Nonnull stream, const char *_Nullable bytes, size_t count, bool is_last, size_t rows_max,
    made_row_buffer *_Nonnull buffer);

// MARK: - A table whose columns are not known yet

/// One pass over the rows of a table whose columns are not known yet, or not all. A cell becomes a double: a number itself, or
/// a NaN that carries the number of a text, the texts of a column being numbered as they come. What the texts mean is then
/// decided once a text, not once a cell.

/// How the cells of a column are read.
typedef enum made_cell_use {
    /// Not at all; its values are missing.
    MADE_CELL_SKIPPED,
    /// Every cell is a text.
    MADE_CELL_TEXT,
    /// A cell is a number, and a text where it is none.
    MADE_CELL_NUMBER,
    /// As MADE_CELL_NUMBER, but numbers are texts too as long as the column has few different ones: it may turn out to
    /// hold codes. Digits after a leading zero are no number, nor is a whole number that a double cannot hold exactly.
    MADE_CELL_ANY,
    /// A cell is a date or a time, whose number are the seconds of `made_date`, and a text where it is none.
    MADE_CELL_DATE,
} made_cell_use;

/// Most different texts of a column, and the most of them that are numbers under MADE_CELL_ANY. A column of more texts is one
/// whose texts are not kept any more: see `made_table_column_facts`.
enum { MADE_TEXTS_MAX = 65536, MADE_NUMBER_TEXTS_MAX = 1024 };
/// Longest text that is kept, bytes; of longer ones the first so many are kept, and the column is marked.
enum { MADE_TEXT_BYTES_MAX = 1024 };
/// Longest cell, bytes: a quote that is never closed should not fill the memory.
enum { MADE_CELL_BYTES_MAX = 1 << 20 };
/// Most columns.
enum { MADE_TABLE_COLUMNS_MAX = 65536 };

/// The bits of a double: a missing value (an empty cell), a text that was not kept, and text 0 of a column; text n is n
/// further.
#define MADE_MISSING_BITS 0x7FF8000000000000u
#define MADE_LOST_TEXT_BITS 0x7FF8000000000001u
#define MADE_TEXT_BITS 0x7FF8000000000002u

/// What is wrong with the file.
typedef enum made_table_status {
    MADE_TABLE_OK,
    /// The file ends within quotes that began in `line`, or a cell of it is longer than MADE_CELL_BYTES_MAX.
    MADE_TABLE_QUOTE_UNCLOSED,
    /// More than a separator or the line's end follows a closing quote in the first line.
    MADE_TABLE_HEADER_MALFORMED,
    MADE_TABLE_CELL_TOO_LONG,
    MADE_TABLE_TOO_MANY_COLUMNS,
    MADE_TABLE_OUT_OF_MEMORY,
} made_table_status;

/// A line that is passed over because it is no row. Empty cells at the end beyond the table's width do no harm.
typedef struct made_malformed_line {
    /// From 1.
    size_t line;
    /// Its cells, where it has more or fewer than the table; 0 where it is no row at all: no JSON, or something other than a
    /// separator or the line's end follows a closing quote.
    size_t found;
} made_malformed_line;

/// What was read.
typedef struct made_table_read {
    made_table_status status;
    /// Where the fault is, from 1.
    size_t line;
    size_t byte_count;
    size_t row_count;
    /// The file has ended.
    bool is_over;
} made_table_read;

/// A text of a column.
typedef struct made_table_text {
    /// In normal form C without outer blanks, UTF-8; it holds as long as the scanner.
    made_text text;
    /// The line it stood in first.
    size_t line;
    /// How many cells of the column it is.
    size_t count;
    /// By the column's form.
    bool is_number;
    /// It is none, though it looks like one, because it would not keep its digits: it has a leading zero, or is a whole number
    /// that a double cannot hold exactly.
    bool is_code;
    double value;
} made_table_text;

/// What is known of a column's cells.
typedef struct made_table_column_facts {
    /// Cells that are numbers and no texts.
    size_t number_count;
    /// Of all numbers, texts too; +∞ and −∞ where there is none.
    double minimum;
    double maximum;
    /// Most digits after the point, trailing zeros not counted.
    int decimals;
    /// The greatest common divisor of all numbers in units of 10^−decimals; 0 where all are 0, or there is none.
    int64_t divisor;
    /// False where `decimals` and `divisor` do not tell because some number has more digits than 64 bits hold.
    bool is_decimal;
    /// Each number is greater than the one before it.
    bool is_rising;
    /// Fewest and most digits of a whole number as it is written; 0 where some number is not whole, or is written otherwise
    /// than with digits and at most a minus.
    int digits_min;
    int digits_max;
    /// Texts that were not kept, and texts of which only the first bytes were.
    size_t lost_text_count;
    size_t cut_text_count;
    /// Under MADE_CELL_DATE: dates that show that the month, or the day, stands first, and the facts of all dates together.
    size_t month_first_count;
    size_t day_first_count;
    unsigned date_facts;
    /// How the first of them is written, but for leading zeros that a later one lacks; ends with a zero.
    char date_pattern[96];
} made_table_column_facts;

typedef struct made_table_scanner made_table_scanner;

/// Of CSV or NDJSON. CSV is cut as `made_row_stream` says. Of CSV the first line that is no comment names the columns where `header` is MADE_HEADER_PRESENT; where it
/// is MADE_HEADER_GUESSED it does unless all its cells are numbers, or some cell is a number with a point; where it is
/// MADE_HEADER_ABSENT the columns are named column_1, column_2, …, and so they are where it is guessed to be. `separator` is 0
/// where it is to be found out. Of NDJSON the columns are the keys of objects as they come, or column_1 … of arrays. Null where
/// memory is short.
made_table_scanner *_Nullable made_table_scanner_create(
    made_stream_format format, made_stream_header header, char separator);
void made_table_scanner_free(made_table_scanner *_Nullable scanner);

/// How the columns are read that are named so; before the first read. Others are MADE_CELL_ANY. `order` is of dates. False where
/// memory is short.
bool made_table_scanner_use(
    made_table_scanner *_Nonnull scanner, made_text name, made_cell_use use, const made_number_form *_Nullable form,
    made_date_order order);

/// Reads on, at most `rows_max` rows; it has then not read all bytes. `is_last`: nothing comes after these bytes. `rows` is made
/// to point to the rows that were read, [rows × columns], which hold until the next read. Blank lines and comments are passed over, and malformed lines, which are noted. Where new keys come in NDJSON,
/// a read ends before the first row that has one, and the next one begins with it, wider. Nothing can be read after a fault.
made_table_read made_table_scanner_read(
    made_table_scanner *_Nonnull scanner, const char *_Nullable bytes, size_t count, bool is_last, size_t rows_max,
    double *_Nullable *_Nonnull rows, size_t *_Nonnull value_count);

/// How many columns there are so far, and their names: in normal form C without outer blanks, empty where there is none.
size_t made_table_scanner_column_count(const made_table_scanner *_Nonnull scanner);
made_text made_table_scanner_column_name(const made_table_scanner *_Nonnull scanner, size_t column);
/// The separator of CSV, and whether the first line named the columns, once a line was read.
char made_table_scanner_separator(const made_table_scanner *_Nonnull scanner);
bool made_table_scanner_has_header(const made_table_scanner *_Nonnull scanner);
/// That line as it came, without its end.
made_text made_table_scanner_header(const made_table_scanner *_Nonnull scanner);
/// The lines that were passed over: how many, and the first few of them.
size_t made_table_scanner_malformed_count(const made_table_scanner *_Nonnull scanner);
made_malformed_line made_table_scanner_malformed_line(const made_table_scanner *_Nonnull scanner, size_t index);
enum { MADE_MALFORMED_LINES_MAX = 8 };

/// How many different texts `column` has had.
size_t made_table_scanner_text_count(const made_table_scanner *_Nonnull scanner, size_t column);
/// Text number `text` of `column`.
made_table_text made_table_scanner_text(const made_table_scanner *_Nonnull scanner, size_t column, size_t text);
made_table_column_facts made_table_scanner_facts(const made_table_scanner *_Nonnull scanner, size_t column);

#ifdef __cplusplus
}
#endif

#endif
