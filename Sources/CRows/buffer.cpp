#include "scanner.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

template <typename Value> static void grow(Value *&values, size_t capacity) {
    auto grown = static_cast<Value *>(std::realloc(values, capacity * sizeof(Value)));
    if (grown == nullptr) throw std::bad_alloc();
    values = grown;
}

void reserve(made_row_buffer &buffer, size_t count, bool keeps_numbers) {
    bool lacks_numbers = keeps_numbers && buffer.numbers == nullptr;
    if (buffer.count + count <= buffer.capacity && !lacks_numbers) return;
    size_t capacity = buffer.capacity;
    if (buffer.count + count > capacity) capacity = std::max({buffer.count + count, capacity * 2, size_t(1024)});
    grow(buffer.values, capacity);
    // Both are as long as each other, whoever reads next.
    if (keeps_numbers || buffer.numbers != nullptr) grow(buffer.numbers, capacity);
    buffer.capacity = capacity;
}
