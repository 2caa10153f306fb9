// Only numbers cross the boundary, so the module does without Embind's run-time for strings, views, classes and values,
// whose glue would be half of the package's JavaScript: EMSCRIPTEN_BINDINGS registers as always, and embind_numbers.js
// takes what it registers.
#include <emscripten/bind.h>

#include <limits>

using emscripten::internal::InitFunc;
using emscripten::internal::TypeID;

// Called once for every EMSCRIPTEN_BINDINGS, before main.
extern "C" void _embind_register_bindings(InitFunc* bindings) {
  bindings->init_func();
}

namespace {

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

EMSCRIPTEN_BINDINGS(numbers) {
  emscripten::internal::_embind_register_void(TypeID<void>::get(), "void");
  emscripten::internal::_embind_register_bool(TypeID<bool>::get(), "bool", true, false);
  register_integer<int>("int");
  register_integer<unsigned>("unsigned int");
  register_integer<unsigned long>("unsigned long");
  register_float<float>("float");
  register_float<double>("double");
}
