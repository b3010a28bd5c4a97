#include "schema.hpp"

#include "number.hpp"

#include <algorithm>
#include <memory>
#include <new>

static std::string copy(const made_text &text) {
    return text.count == 0 ? std::string() : std::string(text.bytes, text.count);
}

made_row_schema *made_row_schema_create(const made_column *columns, size_t count) try {
    auto schema = std::make_unique<made_row_schema>();
    schema->columns.resize(count);
    for (size_t index = 0; index < count; index++) {
        auto &column = schema->columns[index];
        column.name = copy(columns[index].name);
        column.kind = columns[index].kind;
        column.is_plain = std::all_of(column.name.begin(), column.name.end(), [](unsigned char byte) {
            return byte >= ' ' && byte != '"' && byte != '\\';
        });
        schema->kinds.push_back(column.kind);
        if (column.kind != MADE_COLUMN_BINARY) schema->is_all_binary = false;
        schema->indices.emplace(column.name, index);
        column.labels.reserve(columns[index].label_count);
        for (size_t label = 0; label < columns[index].label_count; label++) {
            column.labels.push_back(copy(columns[index].labels[label]));
            column.label_indices.emplace(column.labels.back(), label);
            if (auto number = finite_number(column.labels.back())) column.number_indices.emplace(*number, label);
        }
        column.other_label = columns[index].other_label;
    }
    return schema.release();
} catch (const std::bad_alloc &) {
    return nullptr;
}

void made_row_schema_free(made_row_schema *schema) {
    delete schema;
}

size_t made_row_schema::Column::find_label(std::string_view text) const {
    auto spelled = label_indices.find(text);
    if (spelled != label_indices.end()) return spelled->second;
    if (!number_indices.empty()) {
        auto number = finite_number(text);
        auto equal = number ? number_indices.find(*number) : number_indices.end();
        if (equal != number_indices.end()) return equal->second;
    }
    return other_label;
}

size_t made_row_schema::Column::find_truth(bool truth) const {
    for (const char *text : {truth ? "true" : "false", truth ? "True" : "False", truth ? "TRUE" : "FALSE"}) {
        auto spelled = label_indices.find(text);
        if (spelled != label_indices.end()) return spelled->second;
    }
    return other_label;
}
