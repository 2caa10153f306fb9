// Embind's JavaScript end for functions of numbers and booleans, the only ones that bindings.cpp has. wasm converts the
// arguments by itself; results are converted by what the type was registered as.
addToLibrary({
  $convertersByType: {},

  _embind_register_void__deps: ['$convertersByType'],
  _embind_register_void: (type) => {
    convertersByType[type] = () => {};
  },

  _embind_register_bool__deps: ['$convertersByType'],
  _embind_register_bool: (type) => {
    convertersByType[type] = (value) => !!value;
  },

  _embind_register_integer__deps: ['$convertersByType'],
  _embind_register_integer: (type, name, size, min) => {
    convertersByType[type] = min ? (value) => value : (value) => value >>> 0;
  },

  _embind_register_float__deps: ['$convertersByType'],
  _embind_register_float: (type) => {
    convertersByType[type] = (value) => value;
  },

  // Types may be registered later than the functions that use them: they are looked up by the call.
  _embind_register_function__deps: ['$convertersByType', '$AsciiToString', '$wasmTable'],
  _embind_register_function: (name, count, types, signature, invoker, target) => {
    const invoke = wasmTable.get(invoker);
    const resultType = HEAPU32[types >> 2];
    Module[AsciiToString(name)] = (...values) => convertersByType[resultType](invoke(target, ...values));
  },
});
