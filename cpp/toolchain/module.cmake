# The wasm module: fewbits.wasm and its glue, for browsers, workers and Node alike (the package hands the bytes over).
add_executable(fewbits_module cpp/bindings/allocation.cpp cpp/bindings/bindings.cpp cpp/bindings/embind_types.cpp)
target_link_libraries(fewbits_module PRIVATE fewbits fewbits_flags)
target_include_directories(fewbits_module PRIVATE cpp/src)
set_target_properties(fewbits_module PROPERTIES OUTPUT_NAME fewbits SUFFIX .mjs RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
foreach(target fewbits fewbits_module)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O3>)
endforeach()
# Nothing but checks and calls.
target_compile_options(fewbits_module PRIVATE -fno-exceptions -fno-rtti $<$<CONFIG:Release>:-Oz>)
target_compile_definitions(fewbits_module PRIVATE EMSCRIPTEN_HAS_UNBOUND_TYPE_NAMES=0)
# What gzip makes smallest: little more inlining than LLVM's, and no repetition hidden by renaming or by splitting data.
# emcc links at -O2, since its -O3 ends in sorting functions by use, which separates those that are alike.
set(passes -O3 --one-caller-inline-max-function-size=30 --always-inline-max-function-size=4 --skip-pass=local-cse
  --skip-pass=ssa-nomerge --skip-pass=reorder-locals --skip-pass=memory-packing)
list(JOIN passes "," passes)
target_link_options(fewbits_module PRIVATE -O2 -fno-exceptions
  --js-library ${CMAKE_SOURCE_DIR}/cpp/bindings/embind_numbers.js
  -sMODULARIZE -sEXPORT_ES6 -sENVIRONMENT=web,worker -sFILESYSTEM=0 -sDYNAMIC_EXECUTION=0
  -sINITIAL_MEMORY=32MB -sMALLOC=none -sSTACK_SIZE=256KB
  -sINCOMING_MODULE_JS_API=instantiateWasm --closure 1
  -sBINARYEN_EXTRA_PASSES=${passes})
