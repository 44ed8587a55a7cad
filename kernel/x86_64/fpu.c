/*
 * Floating-point and vector registers. The kernel does not use them, so they are the user's all the time and
 * are saved only when the thread is switched out. The image is XSAVE's standard form where the CPU has it
 * (x87, SSE, AVX), FXSAVE's otherwise.
 */
#include <kernel/memory.h>
#include <x86.h>

#define CR0_MP 0x2ul
#define CR0_EM 0x4ul
#define CR0_TS 0x8ul
#define CR4_OSFXSR 0x200ul
#define CR4_OSXMM 0x400ul
#define CR4_OSXSAVE 0x40000ul

#define LEGACY_BYTES 512u
#define HEADER_BYTES 64u
/* A power of two: the heap aligns those to themselves, and XSAVE wants 64. */
#define IMAGE_BYTES 1024u
#define CONTROL_INIT 0x37fu
#define MXCSR_INIT 0x1f80u

struct user_fpu {
	uint16_t control, status, tag, opcode;
	uint64_t ip, data;
	uint32_t mxcsr, mxcsr_mask;
	uint8_t legacy[LEGACY_BYTES - 32];
	/* XSAVE's header. */
	uint64_t present;
	uint64_t compacted;
	uint64_t reserved[6];
	uint8_t extended[IMAGE_BYTES - LEGACY_BYTES - HEADER_BYTES];
} __attribute__((aligned(64)));

static bool has_xsave;
static uint64_t components; /* XCR0 */
static uint64_t image_len = LEGACY_BYTES;
static uint32_t mxcsr_valid;

void fpu_save(struct user_fpu *fpu)
{
	if (has_xsave)
		__asm__ volatile("xsave64 %0" : "+m"(*fpu) : "a"((uint32_t)components), "d"(0) : "memory");
	else
		__asm__ volatile("fxsave64 %0" : "+m"(*fpu)::"memory");
}

void fpu_load(const struct user_fpu *fpu)
{
	if (has_xsave)
		__asm__ volatile("xrstor64 %0" ::"m"(*fpu), "a"((uint32_t)components), "d"(0) : "memory");
	else
		__asm__ volatile("fxrstor64 %0" ::"m"(*fpu) : "memory");
}

static void image_init(struct user_fpu *fpu)
{
	memset(fpu, 0, sizeof(*fpu));
	fpu->control = CONTROL_INIT;
	fpu->mxcsr = MXCSR_INIT;
}

void fpu_init(void)
{
	static struct user_fpu probe;
	struct cpuid features = cpuid(1);

	cr0_write((cr0_read() | CR0_MP) & ~(CR0_EM | CR0_TS));
	cr4_write(cr4_read() | CR4_OSFXSR | CR4_OSXMM);
	if (features.c & 1u << 26) {
		cr4_write(cr4_read() | CR4_OSXSAVE);
		/* x87, SSE, AVX: what the CPU has of it. */
		components = cpuid_read(13, 0).a & 7;
		__asm__ volatile("xsetbv" ::"a"((uint32_t)components), "d"(0), "c"(0));
		image_len = cpuid_read(13, 0).b;
		has_xsave = image_len <= sizeof(struct user_fpu);
		if (!has_xsave)
			image_len = LEGACY_BYTES;
	}
	if (mxcsr_valid == 0) {
		__asm__ volatile("fxsave64 %0" : "+m"(probe)::"memory");
		mxcsr_valid = probe.mxcsr_mask ? probe.mxcsr_mask : 0xffbf;
	}
	image_init(&probe);
	fpu_load(&probe);
}

struct user_fpu *user_fpu_new(void)
{
	struct user_fpu *fpu = heap_alloc(sizeof(*fpu));

	if (fpu)
		image_init(fpu);
	return fpu;
}

void user_fpu_copy(struct user_fpu *to, const struct thread *from)
{
	if (from == current())
		fpu_save(from->fpu);
	memcpy(to, from->fpu, sizeof(*to));
}

void user_fpu_reset(struct user_fpu *fpu)
{
	image_init(fpu);
	if (fpu == current()->fpu)
		fpu_load(fpu);
}

void user_fpu_free(struct user_fpu *fpu)
{
	heap_free(fpu);
}

uint64_t user_fpu_size(void)
{
	return image_len;
}

void user_fpu_save_image(void *to)
{
	struct user_fpu *fpu = current()->fpu;

	fpu_save(fpu);
	memcpy(to, fpu, image_len);
}

/* What the processor would refuse to load is made valid, or refused here. */
bool user_fpu_load_image(const void *from)
{
	struct user_fpu *fpu = current()->fpu;
	uint32_t mxcsr;

	memcpy(&mxcsr, (const char *)from + offsetof(struct user_fpu, mxcsr), sizeof(mxcsr));
	if (mxcsr & ~mxcsr_valid)
		return false;
	memcpy(fpu, from, image_len);
	if (has_xsave) {
		fpu->present &= components;
		fpu->compacted = 0;
		memset(fpu->reserved, 0, sizeof(fpu->reserved));
	}
	fpu_load(fpu);
	return true;
}
