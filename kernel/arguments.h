/*
 * The strings of an exec: arguments and environment, gathered before the old memory goes and written into the
 * new one. Kept in single frames, so that two megabytes need no contiguous memory.
 */
#ifndef KERNEL_ARGUMENTS_H
#define KERNEL_ARGUMENTS_H

#include <kernel/base.h>

struct mm;

/* Everything counts: strings with their NULs, and 8 bytes for the pointer to each. */
#define ARGUMENTS_MAX (2ul << 20)
#define ARGUMENT_MAX (128ul << 10)
/* Strings that scripts put in front. */
#define ARGUMENTS_FRONT 8192

struct arguments {
	char **page;   /* one frame of pointers to frames */
	uint64_t used; /* bytes in them */
	uint32_t nr_argv;
	uint32_t nr_envp;
	/* What goes before: nr_front strings; the first `skipped` of those in the pages do not count. */
	char *front;
	uint32_t front_used;
	uint32_t nr_front;
	uint32_t skipped;
};

long arguments_init(struct arguments *arguments); /* -ENOMEM */
void arguments_fini(struct arguments *arguments);
/* From kernel memory, or from the program's: arguments first, then the environment. -E2BIG, -EFAULT, -ENOMEM. */
long arguments_add(struct arguments *arguments, const char *const argv[], const char *const envp[]);
long arguments_add_user(struct arguments *arguments, vms_va argv, vms_va envp);
/* A script: replace the first argument by interpreter, option (NULL: none) and path. -E2BIG. */
long arguments_wrap(struct arguments *arguments, const char *interpreter, const char *option, const char *path);

/*
 * Write them under `top`, and under them, aligned to 16: argc, argv, NULL, envp, NULL, and `nr_aux` words of
 * the auxiliary vector, in which words of value ARGUMENTS_EXECFN and ARGUMENTS_RANDOM become the addresses of
 * the strings `execfn` and of 16 bytes `random`. *sp is then the stack pointer of the new program.
 */
#define ARGUMENTS_EXECFN (~0ull)
#define ARGUMENTS_RANDOM (~1ull)
#define ARGUMENTS_PLATFORM (~2ull)
long arguments_write(const struct arguments *arguments, struct mm *mm, vms_va top, const char *execfn,
		     const char random[16], uint64_t *aux, uint32_t nr_aux, vms_va *sp);

#endif
