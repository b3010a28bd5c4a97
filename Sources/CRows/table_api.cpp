#include "table.hpp"

#include <new>

made_table_scanner *made_table_scanner_create(made_stream_format format, made_stream_header header, char separator) {
    try {
        if (format == MADE_STREAM_CSV) return new CSVTable(header, separator);
        return new JSONTable;
    } catch (const std::bad_alloc &) {
        return nullptr;
    }
}

void made_table_scanner_free(made_table_scanner *scanner) {
    delete scanner;
}

bool made_table_scanner_use(
    made_table_scanner *scanner, made_text name, made_cell_use use, const made_number_form *form,
    made_date_order order
) {
    try {
        TableUse given;
        given.use = use;
        given.order = order;
        if (form != nullptr) {
            given.form = *form;
            given.unit.assign(form->unit.bytes, form->unit.bytes + form->unit.count);
        }
        std::string scratch;
        scanner->uses.insert_or_assign(std::string(normalised(view(name), scratch)), given);
        return true;
    } catch (const std::bad_alloc &) {
        return false;
    }
}

made_table_read made_table_scanner_read(
    made_table_scanner *scanner, const char *bytes, size_t count, bool is_last, size_t rows_max, double **rows,
    size_t *value_count
) {
    return scanner->read(bytes, count, is_last, rows_max, *rows, *value_count);
}

size_t made_table_scanner_column_count(const made_table_scanner *scanner) {
    return scanner->columns.size();
}

made_text made_table_scanner_column_name(const made_table_scanner *scanner, size_t column) {
    return as_text(scanner->columns[column].name);
}

char made_table_scanner_separator(const made_table_scanner *scanner) {
    return scanner->separator();
}

bool made_table_scanner_has_header(const made_table_scanner *scanner) {
    return scanner->has_header;
}

made_text made_table_scanner_header(const made_table_scanner *scanner) {
    return as_text(scanner->header_line);
}

size_t made_table_scanner_malformed_count(const made_table_scanner *scanner) {
    return scanner->malformed_count;
}

made_malformed_line made_table_scanner_malformed_line(const made_table_scanner *scanner, size_t index) {
    return scanner->malformed[index];
}

size_t made_table_scanner_text_count(const made_table_scanner *scanner, size_t column) {
    return scanner->columns[column].texts.size();
}

made_table_text made_table_scanner_text(const made_table_scanner *scanner, size_t column, size_t text) {
    const TableColumn::Text &entry = scanner->columns[column].texts[text];
    return {as_text(entry.text), entry.line, entry.count, entry.is_number && !entry.is_code, entry.is_code, entry.decimal.value};
}

made_table_column_facts made_table_scanner_facts(const made_table_scanner *scanner, size_t column) {
    return scanner->columns[column].facts;
}
