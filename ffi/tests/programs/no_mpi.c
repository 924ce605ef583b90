/* Started as by an MPI launcher on a machine without MPI: an error, until the program says that it wants none. */
#include <stdio.h>
#include <string.h>

#include "ectrans/transi.h"
#include "terrella.h"

#define EXPECT(condition)                                                       \
  do {                                                                          \
    if (!(condition)) {                                                         \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      return 1;                                                                 \
    }                                                                           \
  } while (0)

int main(void) {
  struct Trans_t trans;
  EXPECT(trans_use_mpi(1) == TRANS_SUCCESS);
  EXPECT(trans_init() == TRANS_ERROR);
  EXPECT(strstr(terrella_last_error_message(), "MPI is not available") != NULL);
  EXPECT(trans_new(&trans) == TRANS_SUCCESS && trans_set_trunc(&trans, 3) == TRANS_SUCCESS);
  EXPECT(trans_setup(&trans) == TRANS_ERROR);
  EXPECT(trans_use_mpi(0) == TRANS_SUCCESS);
  EXPECT(trans_setup(&trans) == TRANS_SUCCESS && trans.nproc == 1 && trans.nspec2 == 20);
  EXPECT(trans_use_mpi(1) == TRANS_ERROR);
  EXPECT(trans_delete(&trans) == TRANS_SUCCESS && trans_finalize() == TRANS_SUCCESS);
  EXPECT(trans_use_mpi(1) == TRANS_SUCCESS);
  puts("done");
  return 0;
}
