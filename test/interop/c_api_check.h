/* Checks of the C tests: counted, and said with their line where they fail. */
#ifndef PACKED_TEST_C_API_CHECK_H
#define PACKED_TEST_C_API_CHECK_H

#include <stdio.h>
#include <string.h>

#include "packed/c_api.h"

static int passed = 0;
static int failed = 0;

static void Check(int ok, const char* what, int line) {
  if (ok) {
    ++passed;
  } else {
    ++failed;
    fprintf(stderr, "line %d: FAILED %s\n", line, what);
  }
}
#define CHECK(condition) Check((condition), #condition, __LINE__)

static void CheckStatus(CStatus status, int32_t code, const char* mention, int line) {
  int ok = status.error_code == code;
  if (code == PACKED_OK) ok = ok && status.error_msg == NULL;
  if (mention != NULL) ok = ok && status.error_msg && strstr(status.error_msg, mention) != NULL;
  if (!ok) {
    fprintf(stderr, "line %d: received %d '%s'\n", line, status.error_code,
            status.error_msg ? status.error_msg : "");
  }
  Check(ok, mention ? mention : "status", line);
  FreeCStatus(&status);
  FreeCStatus(&status); /* twice is harmless */
}
#define EXPECT(code, mention, call) CheckStatus((call), (code), (mention), __LINE__)

#endif /* PACKED_TEST_C_API_CHECK_H */
