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
target_link_options(fewbits_module PRIVATE -O3 -fno-exceptions
  --js-library ${CMAKE_SOURCE_DIR}/cpp/bindings/embind_numbers.js
  -sMODULARIZE -sEXPORT_ES6 -sENVIRONMENT=web,worker -sFILESYSTEM=0 -sDYNAMIC_EXECUTION=0
  -sINITIAL_MEMORY=32MB -sMALLOC=none -sSTACK_SIZE=256KB
  -sINCOMING_MODULE_JS_API=instantiateWasm --closure 1)
