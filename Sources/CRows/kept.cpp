#include "kept.hpp"

#include <algorithm>

KeptCells::KeptCells(const made_row_schema &schema, const made_text *given, size_t count) {
    for (size_t index = 0; index < count; index++) {
        std::string scratch;
        names.emplace_back(normalised(view(given[index]), scratch));
        firsts.push_back(indices.emplace(names.back(), index).first->second);
    }
    if (count == 0) return;
    variables.assign(schema.columns.size(), none);
    places.assign(schema.places.size(), none);
    for (const auto &[name, index] : indices) {
        size_t variable = schema.find(name);
        if (variable < variables.size()) variables[variable] = index;
        auto place = schema.place_indices.find(name);
        if (place != schema.place_indices.end()) places[place->second] = index;
    }
}

size_t KeptCells::find(std::string_view name) const {
    auto entry = indices.find(name);
    if (entry == indices.end()) {
        std::string scratch;
        entry = indices.find(normalised(name, scratch));
    }
    return entry == indices.end() ? none : entry->second;
}

const std::string *KeptCells::find_unknown(const std::vector<bool> &has_column) const {
    auto unknown = std::find_if(names.begin(), names.end(), [&](const std::string &name) {
        return !name.empty() && !has_column[find(name)];
    });
    return unknown == names.end() ? nullptr : &*unknown;
}

void KeptCells::clear() {
    cells.clear();
    starts.clear();
    bytes.clear();
}

void KeptCells::begin_row() {
    cells.resize(cells.size() + names.size(), {{nullptr, 0}, false, true});
    starts.resize(cells.size());
}

void KeptCells::restart_row() {
    cells.resize(cells.size() - names.size());
    starts.resize(cells.size());
    begin_row();
}

void KeptCells::set(size_t kept, std::string_view text, bool is_json) {
    size_t index = cells.size() - names.size() + kept;
    starts[index] = bytes.size();
    bytes.append(text);
    cells[index] = {{nullptr, text.size()}, is_json, false};
}

const made_kept_cell *KeptCells::finish() {
    if (names.empty()) return nullptr;
    for (size_t index = 0; index < cells.size(); index++) {
        size_t kept = index % names.size();
        if (firsts[kept] != kept) cells[index] = cells[index - kept + firsts[kept]];
        else if (!cells[index].is_absent) cells[index].text.bytes = bytes.data() + starts[index];
    }
    return cells.data();
}
