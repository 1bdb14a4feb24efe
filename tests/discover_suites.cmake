# Read by ctest as it starts, after suites.cmake has set `program`, `sanitizers` and `environment`:
# gives it one test for each GoogleTest suite of the program, all instances of a parameterised or typed
# suite together. Suites in which a case is about threads (by its name) have the label `parallel`; a
# build with ThreadSanitizer runs just those cases.

if(NOT EXISTS "${program}")
  add_test(adjoint_tests_is_not_built "${program}")
  return()
endif()
execute_process(COMMAND "${program}" --gtest_list_tests
                OUTPUT_VARIABLE listing RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  add_test(adjoint_tests_cannot_list_its_tests "${program}" --gtest_list_tests)
  return()
endif()

# A line "Instance/Suite.", "Suite/0.  # TypeParam = double" or both stands before the cases of each
# suite, which are indented. What follows a # is free text, which would upset CMake's lists.
string(REGEX REPLACE "/[^/\n]+\\.  # TypeParam[^\n]*" ".typed" listing "${listing}")
string(REGEX REPLACE " *#[^\n]*" "" listing "${listing}")
string(REGEX REPLACE "\n+" ";" listing "${listing}")
set(suites "")
foreach(line IN LISTS listing)
  if(line MATCHES "^([^ /]+/)*([^ /]+)\\.(typed)?$")
    set(suite ${CMAKE_MATCH_2})
    list(APPEND suites ${suite})
  elseif(line MATCHES "^  ([^ /]+)")
    set(case ${CMAKE_MATCH_1})
    if("${suite}.${case}" MATCHES "Parallel|Thread")
      list(APPEND parallel_cases_of_${suite} ${case})
    endif()
  endif()
endforeach()
list(REMOVE_DUPLICATES suites)

foreach(suite IN LISTS suites)
  set(cases "*")
  if(sanitizers MATCHES "thread")
    set(cases ${parallel_cases_of_${suite}})
    list(REMOVE_DUPLICATES cases)
    if(NOT cases)
      continue()
    endif()
  endif()
  set(patterns "")
  foreach(case IN LISTS cases)
    list(APPEND patterns ${suite}.${case} */${suite}.${case}/* ${suite}/*.${case}
                         */${suite}/*.${case}/*)
  endforeach()
  list(JOIN patterns ":" filter)
  add_test(${suite} "${program}" "--gtest_filter=${filter}" --gtest_brief=1)
  set_tests_properties(${suite} PROPERTIES TIMEOUT 900 ENVIRONMENT "${environment}")
  if(parallel_cases_of_${suite})
    set_tests_properties(${suite} PROPERTIES LABELS parallel)
  endif()
endforeach()
