# How every target is compiled. Kernels are written in wasm_simd128.h; natively SIMDe carries them out.
add_library(fewbits_flags INTERFACE)
target_compile_options(fewbits_flags INTERFACE -Wall -Wextra -ffp-contract=off)
if(EMSCRIPTEN)
  # Every engine that has SIMD has the other two, and they are smaller: copies are an instruction, not a function, and
  # so are floats to integers.
  target_compile_options(fewbits_flags INTERFACE -msimd128 -mbulk-memory -mnontrapping-fptoint)
  target_link_options(fewbits_flags INTERFACE -mbulk-memory)
else()
  target_include_directories(fewbits_flags SYSTEM INTERFACE ${CMAKE_CURRENT_LIST_DIR}/shim)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(fewbits_flags INTERFACE -msse4.1)
  endif()
endif()
