#ifndef MADE_TABLE_SCANNER_H
#define MADE_TABLE_SCANNER_H

#include "CRowScanner.h"

#ifdef __cplusplus
extern "C" {
#endif

/// One pass over the rows of a CSV file whose columns are not known yet, or not all. A cell becomes a float: a number
/// itself, or a NaN that carries the number of a text, the texts of a column being numbered as they come. What the texts
/// mean is then decided once a text, not once a cell.

/// How the cells of a column are read.
typedef enum made_cell_use {
    /// Not at all; the matrix has no column for it.
    MADE_CELL_SKIPPED,
    /// Every cell is a text.
    MADE_CELL_TEXT,
    /// A cell is a number, and a text where it is none.
    MADE_CELL_NUMBER,
    /// As MADE_CELL_NUMBER, but numbers are texts too as long as the column has few different ones: it may turn out to
    /// hold codes. Digits after a leading zero are no number.
    MADE_CELL_ANY,
} made_cell_use;

/// Most different texts of a column, and the most of them that are numbers under MADE_CELL_ANY.
enum { MADE_TEXTS_MAX = 65536, MADE_NUMBER_TEXTS_MAX = 1024 };
/// Longest text, bytes.
enum { MADE_TEXT_BYTES_MAX = 1024 };

/// The bits of a float: a missing value (an empty cell), and text 0 of a column; text n is n further.
enum { MADE_MISSING_BITS = 0x7FC00000, MADE_TEXT_BITS = 0x7FC00001 };

/// One column of the file.
typedef struct made_table_column {
    made_cell_use use;
    /// The matrix's column that it fills; of MADE_CELL_SKIPPED without meaning.
    size_t target;
} made_table_column;

/// What is wrong with the file.
typedef enum made_table_status {
    MADE_TABLE_OK,
    /// A line has `found` cells.
    MADE_TABLE_CELL_COUNT,
    MADE_TABLE_CELL_TOO_LONG,
    MADE_TABLE_QUOTE_NOT_AT_END,
    MADE_TABLE_QUOTE_UNCLOSED,
    MADE_TABLE_NOT_UTF8,
    MADE_TABLE_TEXT_TOO_LONG,
    MADE_TABLE_TOO_MANY_TEXTS,
    MADE_TABLE_OUT_OF_MEMORY,
} made_table_status;

/// What was read.
typedef struct made_table_read {
    made_table_status status;
    /// Where the fault is: the line, from 1, and the file's column; SIZE_MAX where it is beyond the last.
    size_t line;
    size_t column;
    size_t found;
    size_t byte_count;
    size_t row_count;
    /// The file has ended.
    bool is_over;
} made_table_read;

/// A text of a column.
typedef struct made_table_text {
    /// UTF-8; it holds as long as the scanner.
    made_text text;
    /// The line it stood in first.
    size_t line;
    /// How many cells of the column it is.
    size_t count;
    bool is_number;
    double value;
} made_table_text;

/// What is known of a column's numbers, each text counted once.
typedef struct made_table_numbers {
    /// Numbers that are no texts.
    size_t count;
    /// Of all numbers; +∞ and −∞ where there is none.
    double minimum;
    double maximum;
    /// Most digits after the point, trailing zeros not counted.
    int decimals;
    /// The greatest common divisor of all numbers in units of 10^−decimals; 0 where all are 0, or there is none.
    int64_t divisor;
    /// False where `decimals` and `divisor` do not tell because some number has more digits than 64 bits hold.
    bool is_decimal;
    /// How far the farthest number is from the float that stands for it.
    double rounding;
} made_table_numbers;

typedef struct made_table_scanner made_table_scanner;

/// Reads on where `cutter`, which must outlive it, stands: after the header. Null where memory is short.
made_table_scanner *_Nullable made_table_scanner_create(
    made_cell_cutter *_Nonnull cutter, const made_table_column *_Nonnull columns, size_t count);
void made_table_scanner_free(made_table_scanner *_Nullable scanner);

/// Appends at most `rows_max` rows to `matrix`; it has then not read all bytes. `is_last`: nothing comes after these
/// bytes. Blank lines are passed over at the end of the file only. Nothing can be read after a fault.
made_table_read made_table_scanner_read(
    made_table_scanner *_Nonnull scanner, const char *_Nullable bytes, size_t count, bool is_last, size_t rows_max,
    made_float_buffer *_Nonnull matrix);

/// How many different texts the file's `column` has had.
size_t made_table_scanner_text_count(const made_table_scanner *_Nonnull scanner, size_t column);
/// Text number `text` of the file's `column`.
made_table_text made_table_scanner_text(const made_table_scanner *_Nonnull scanner, size_t column, size_t text);
made_table_numbers made_table_scanner_numbers(const made_table_scanner *_Nonnull scanner, size_t column);

#ifdef __cplusplus
}
#endif
#endif
