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
    /// A label; the matrix gets its index.
    MADE_COLUMN_CATEGORICAL,
    /// A finite number.
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
} made_column;

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
    /// A row with a missing value is faulty.
    bool refuses_missing;
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
    /// `column` has no value, and the request refuses that.
    MADE_ROW_MISSING_VALUE,
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

#ifdef __cplusplus
}
#endif
#endif
