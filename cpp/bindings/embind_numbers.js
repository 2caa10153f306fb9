// Embind's JavaScript end for functions of numbers, the only ones that bindings.cpp has: wasm's own function does.
addToLibrary({
  _embind_register_function__deps: ['$AsciiToString', '$wasmTable'],
  _embind_register_function: (name, count, types, signature, invoker, target) => {
    Module[AsciiToString(name)] = wasmTable.get(target);
  },
});
