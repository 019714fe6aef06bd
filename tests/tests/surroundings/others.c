/* Another library in the process, which has functions of the names that are inside the module, too: whoever calls one
 * ends the process. */
#include <stdlib.h>

#define TRAP(name)                                                                                                     \
    void name(void);                                                                                                   \
    void name(void) { abort(); }

TRAP(sqlite3_open_v2)
TRAP(sqlite3_prepare_v3)
TRAP(sqlite3_step)
TRAP(sqlite3_initialize)
TRAP(sqlite3_close_v2)
TRAP(sqlite3_exec)
TRAP(sqlite3_malloc)
TRAP(rust_eh_personality)
TRAP(rust_begin_unwind)
TRAP(__rust_alloc)
TRAP(__rust_dealloc)
TRAP(__rdl_alloc)
TRAP(_Unwind_RaiseException)
TRAP(_Unwind_Resume)
TRAP(_Unwind_Backtrace)
TRAP(SHA256_Init)
TRAP(SHA1_Update)
TRAP(HMAC)
TRAP(pam_sm_setcred)
TRAP(pam_sm_acct_mgmt)
