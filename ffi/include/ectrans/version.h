/*
 * Versions: of the interface that <ectrans/transi.h> declares, and of Terrella, which implements it.
 */
#ifndef ectrans_version_h
#define ectrans_version_h

#ifdef __cplusplus
extern "C" {
#else
/* Programs written for ecTrans expect bool from this header. */
#include <stdbool.h>
#endif

/* The version of ecTrans's C interface: "1.7.0". */
const char* ectrans_version(void);
/* The same as a number, 10000 major + 100 minor + patch. */
unsigned int ectrans_version_int(void);
/* The same, followed by "-terrella-" and the version of Terrella. */
const char* ectrans_version_str(void);
/* Terrella's commit, if the build was told; else "unknown". */
const char* ectrans_git_sha1(void);
/* Its first characters. */
const char* ectrans_git_sha1_abbrev(unsigned int length);

/* ecTrans's support library plays no part in Terrella: "0.0.0", 0 and "". */
const char* ectrans_fiat_version(void);
unsigned int ectrans_fiat_version_int(void);
const char* ectrans_fiat_version_str(void);
const char* ectrans_fiat_git_sha1(void);
const char* ectrans_fiat_git_sha1_abbrev(unsigned int length);

#ifdef __cplusplus
}
#endif

#endif
