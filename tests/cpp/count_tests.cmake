# Fails where fewer than LEAST tests are registered in FOLDER.
execute_process(COMMAND ${CTEST} --test-dir ${FOLDER} -N OUTPUT_VARIABLE listing RESULT_VARIABLE status)
string(REGEX MATCH "Total Tests: ([0-9]+)" total "${listing}")
if(NOT status EQUAL 0 OR NOT total OR CMAKE_MATCH_1 LESS LEAST)
  message(FATAL_ERROR "'${total}' in ${FOLDER}: at least ${LEAST} are expected")
endif()
