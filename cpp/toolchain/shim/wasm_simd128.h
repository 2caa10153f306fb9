// The same name as Emscripten's header, SIMDe's implementation: kernels compile natively as they are.
#pragma once
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/wasm/simd128.h>
