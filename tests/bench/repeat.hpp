// Many passes in one call, so that the browser's coarse clock sees one long call.
#pragma once

namespace fewbits::bench {

// A pass is not merged with the next one, nor dropped.
inline void finish_pass() {
  asm volatile("" ::: "memory");
}

template <class Pass>
void repeat(int times, Pass pass) {
  for (; times > 0; --times) {
    pass();
    finish_pass();
  }
}

}  // namespace fewbits::bench
