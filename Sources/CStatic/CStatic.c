// Functions that a fully static program has in place of shared libraries: see docs/sidecar-build.md. Only the build
// that ships (sidecar/Package.swift) contains them.
//
// Debian's libpq.a is built with GSSAPI, LDAP and, from version 18 on, OAuth, for which there are no static libraries.
// Its calls come here and fail. LibPQ accepts no server that demands GSSAPI or OAuth; LDAP is called if a service file
// has an ldap:// line. Each signature is declared only as far as it is used: in C, the caller cleans up the stack.

#include <openssl/crypto.h>
#include <stddef.h>
#include <string.h>

// Providers and engines from a configuration file would be shared libraries. It also saves reading a file at the start.
__attribute__((constructor)) static void leave_openssl_unconfigured(void) {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

// MARK: glibc. It has these from version 2.38 on. The libraries may come from a newer Debian, and count on them.

__attribute__((weak)) size_t strlcpy(char *target, const char *source, size_t size) {
  size_t length = strlen(source);
  if (size > 0) {
    size_t kept = length < size ? length : size - 1;
    memcpy(target, source, kept);
    target[kept] = 0;
  }
  return length;
}

__attribute__((weak)) size_t strlcat(char *target, const char *source, size_t size) {
  size_t used = strnlen(target, size);
  if (used == size) return size + strlen(source);
  return used + strlcpy(target + used, source, size - used);
}

// MARK: GSSAPI (RFC 2744)

typedef struct {
  size_t length;
  void *value;
} gss_buffer;

enum { unavailable = 16u << 16 };

const void *const GSS_C_NT_HOSTBASED_SERVICE = NULL;

#define UNAVAILABLE(function)                \
  unsigned int function(unsigned int *minor) { \
    *minor = 0;                              \
    return unavailable;                      \
  }

UNAVAILABLE(gss_acquire_cred)
UNAVAILABLE(gss_delete_sec_context)
UNAVAILABLE(gss_import_name)
UNAVAILABLE(gss_init_sec_context)
UNAVAILABLE(gss_release_buffer)
UNAVAILABLE(gss_release_cred)
UNAVAILABLE(gss_release_name)
UNAVAILABLE(gss_unwrap)
UNAVAILABLE(gss_wrap)
UNAVAILABLE(gss_wrap_size_limit)

unsigned int gss_display_status(unsigned int *minor, unsigned int status, int kind, const void *mechanism,
                                unsigned int *more, gss_buffer *text) {
  static char message[] = "this program is built without GSSAPI";
  (void)status, (void)kind, (void)mechanism;
  *minor = *more = 0;
  text->length = sizeof message - 1;
  text->value = message;
  return 0;
}

// MARK: LDAP (draft-ietf-ldapext-ldap-c-api). Without a session, which `ldap_init` never returns, libpq calls none of
// the others.

void *ldap_init(void) { return NULL; }

#define FAILS(function) \
  int function(void) { return -1; }

FAILS(ldap_count_entries)
FAILS(ldap_msgfree)
FAILS(ldap_result)
FAILS(ldap_search_st)
FAILS(ldap_set_option)
FAILS(ldap_simple_bind)
FAILS(ldap_unbind)
FAILS(ldap_value_free_len)

const char *ldap_err2string(void) { return "this program is built without LDAP"; }
void *ldap_first_entry(void) { return NULL; }
void *ldap_get_values_len(void) { return NULL; }

// MARK: OAuth (libpq-oauth)

int pg_fe_run_oauth_flow(void) { return 0; }
void pg_fe_cleanup_oauth_flow(void) {}
