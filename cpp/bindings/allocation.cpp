// The module's heap. Kernels allocate nothing; only answers to questions do (models/), strings above all, and of an
// answer nothing stays. So memory is handed out in a row, and all of it is free again when nothing is in use.
#include <cstddef>
#include <new>

namespace {

constexpr std::size_t kHeapBytes = 16u << 20, kAlignment = 16;
alignas(kAlignment) std::byte heap[kHeapBytes];
std::size_t used_bytes = 0, in_use = 0;

}  // namespace

void* operator new(std::size_t bytes) {
  if (bytes > kHeapBytes - used_bytes) __builtin_trap();  // there are no exceptions here
  void* const memory = heap + used_bytes;
  used_bytes = (used_bytes + bytes + kAlignment - 1) / kAlignment * kAlignment;
  ++in_use;
  return memory;
}

void operator delete(void* memory) noexcept {
  if (memory != nullptr && --in_use == 0) used_bytes = 0;
}
void operator delete(void* memory, std::size_t) noexcept {
  operator delete(memory);
}

// Nothing asks for more than kAlignment; without these the standard library's own would come along, and malloc.
void* operator new(std::size_t bytes, std::align_val_t) {
  return operator new(bytes);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  operator delete(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  operator delete(memory);
}
