// Embind's own start-up registers strings, views and emscripten::val, whose glue is half of the JavaScript. The boundary
// needs numbers alone, so this file takes the place of system/lib/embind/bind.cpp and registers just them.
#include <emscripten/bind.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <typeinfo>

using emscripten::internal::InitFunc;
using emscripten::internal::TypeID;

namespace {

InitFunc* first = nullptr;

template <class T>
void register_integer(const char* name) {
  emscripten::internal::_embind_register_integer(TypeID<T>::get(), name, sizeof(T), std::numeric_limits<T>::min(),
                                                 std::numeric_limits<T>::max());
}

template <class T>
void register_float(const char* name) {
  emscripten::internal::_embind_register_float(TypeID<T>::get(), name, sizeof(T));
}

}  // namespace

extern "C" {

const char* __getTypeName(const std::type_info* type) { return strdup(type->name()); }

void _embind_register_bindings(InitFunc* function) {
  function->next = first;
  first = function;
}

void _embind_initialize_bindings() {
  for (InitFunc* function = first; function; function = function->next) function->init_func();
}
}

EMSCRIPTEN_BINDINGS(numbers) {
  emscripten::internal::_embind_register_void(TypeID<void>::get(), "void");
  emscripten::internal::_embind_register_bool(TypeID<bool>::get(), "bool", true, false);
  register_integer<int>("int");
  register_integer<unsigned>("unsigned int");
  register_integer<unsigned long>("unsigned long");
  register_float<float>("float");
  register_float<double>("double");
}
