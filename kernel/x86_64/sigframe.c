/*
 * Signal frames on x86-64: what a handler finds on its stack, and the way back.
 *
 * From the top of the stack down: the red zone of the interrupted function; the FPU image, aligned to 64;
 * the frame, so placed that the handler sees the stack as after a call. What comes back with rt_sigreturn is
 * the program's word: every register is sanitized, and a bad FPU image or frame is refused.
 */
#include <kernel/machine.h>
#include <kernel/memory.h>
#include <kernel/process.h>
#include <kernel/user.h>

#define RED_ZONE 128

#define SS_ONSTACK 1
#define SS_DISABLE 2

/* What the C libraries call ucontext_t, siginfo_t and so on; the layout is Linux's. */
struct frame_stack {
	uint64_t sp;
	int32_t flags;
	uint32_t unused;
	uint64_t size;
};

struct frame_context {
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
	uint16_t cs, gs, fs, ss;
	uint64_t error, trap, old_mask, fault_address;
	uint64_t fpu; /* where the image is; 0: there is none */
	uint64_t unused[8];
};

struct frame_user_context {
	uint64_t flags;
	uint64_t link;
	struct frame_stack stack;
	struct frame_context context;
	uint64_t mask;
};

struct frame_info {
	int32_t signo, error, code, unused;
	union {
		struct {
			int32_t pid, uid;
			uint64_t value; /* si_value, si_status */
		};
		uint64_t address; /* si_addr */
	};
	uint64_t rest[12];
};

struct frame {
	uint64_t return_to; /* the restorer, which calls rt_sigreturn */
	struct frame_user_context user;
	struct frame_info info;
};
_Static_assert(sizeof(struct frame_context) == 256, "sigcontext");
_Static_assert(sizeof(struct frame_info) == 128, "siginfo_t");
_Static_assert(sizeof(struct frame) == 440, "rt_sigframe");

static bool is_fault(const struct signal_info *info)
{
	switch (info->signo) {
	case SIGSEGV:
	case SIGBUS:
	case SIGILL:
	case SIGFPE:
	case SIGTRAP:
		return info->code > 0; /* sent by the kernel, not by kill or sigqueue */
	default:
		return false;
	}
}

static void fill_info(struct frame_info *to, const struct signal_info *info)
{
	to->signo = info->signo;
	to->code = info->code;
	if (is_fault(info)) {
		to->address = info->value;
	} else {
		to->pid = info->pid;
		to->value = info->value;
	}
}

void machine_signal_info(void *to, const struct signal_info *info)
{
	struct frame_info image = {0};

	fill_info(&image, info);
	memcpy(to, &image, sizeof(image));
}

static void fill_context(struct frame_context *to, const struct user_regs *regs)
{
	to->r8 = regs->r8;
	to->r9 = regs->r9;
	to->r10 = regs->r10;
	to->r11 = regs->r11;
	to->r12 = regs->r12;
	to->r13 = regs->r13;
	to->r14 = regs->r14;
	to->r15 = regs->r15;
	to->rdi = regs->rdi;
	to->rsi = regs->rsi;
	to->rbp = regs->rbp;
	to->rbx = regs->rbx;
	to->rdx = regs->rdx;
	to->rax = regs->rax;
	to->rcx = regs->rcx;
	to->rsp = regs->rsp;
	to->rip = regs->rip;
	to->rflags = regs->rflags;
	to->cs = (uint16_t)regs->cs;
	to->ss = (uint16_t)regs->ss;
}

static void take_context(struct user_regs *regs, const struct frame_context *from)
{
	regs->r8 = from->r8;
	regs->r9 = from->r9;
	regs->r10 = from->r10;
	regs->r11 = from->r11;
	regs->r12 = from->r12;
	regs->r13 = from->r13;
	regs->r14 = from->r14;
	regs->r15 = from->r15;
	regs->rdi = from->rdi;
	regs->rsi = from->rsi;
	regs->rbp = from->rbp;
	regs->rbx = from->rbx;
	regs->rdx = from->rdx;
	regs->rax = from->rax;
	regs->rcx = from->rcx;
	regs->rsp = from->rsp;
	regs->rip = from->rip;
	regs->rflags = from->rflags;
	/* Not inside a call any more: whatever rax holds is not a result. */
	regs->orig_rax = ~0ull;
	user_regs_sanitize(regs);
}

/* The current thread's FPU state to user memory. -EFAULT, -ENOMEM. */
static long save_fpu(vms_va to)
{
	void *image = heap_zalloc(user_fpu_size());
	long result;

	if (image == NULL)
		return -ENOMEM;
	user_fpu_save_image(image);
	result = user_write(to, image, user_fpu_size());
	heap_free(image);
	return result;
}

static long load_fpu(vms_va from)
{
	void *image;
	long result;

	if (from == 0) {
		user_fpu_reset(current()->fpu);
		return 0;
	}
	image = heap_alloc(user_fpu_size());
	if (image == NULL)
		return -ENOMEM;
	result = user_read(image, from, user_fpu_size());
	if (result == 0 && !user_fpu_load_image(image))
		result = -EFAULT;
	heap_free(image);
	return result;
}

long user_signal_frame(int sig, const struct signal_action *action, const struct signal_info *info, uint64_t mask,
		       vms_va stack)
{
	struct thread *thread = current();
	struct user_regs *regs = &thread->regs;
	uint64_t need = user_fpu_size() + sizeof(struct frame) + RED_ZONE + 128;
	vms_va top = stack != 0 ? stack : regs->rsp, fpu, at;
	struct frame frame = {0};
	long result;

	if (top > VMS_USER_END || top < need || !(action->flags & SA_RESTORER))
		return -EFAULT;
	if (stack == 0)
		top -= RED_ZONE;
	fpu = (top - user_fpu_size()) / 64 * 64;
	/* The handler's stack pointer is 8 off a multiple of 16, as after a call. */
	at = (fpu - sizeof(frame)) / 16 * 16 - 8;

	frame.return_to = action->restorer;
	frame.user.stack.sp = thread->alt_stack;
	frame.user.stack.size = thread->alt_stack_len;
	frame.user.stack.flags = thread->alt_stack_len == 0 ? SS_DISABLE : 0;
	frame.user.mask = mask;
	fill_context(&frame.user.context, regs);
	frame.user.context.fpu = fpu;
	if (is_fault(info))
		frame.user.context.fault_address = info->value;
	fill_info(&frame.info, info);
	result = save_fpu(fpu);
	if (result == 0)
		result = user_write(at, &frame, sizeof(frame));
	if (result != 0)
		return -EFAULT;

	regs->rdi = (uint64_t)sig;
	regs->rsi = at + offsetof(struct frame, info);
	regs->rdx = at + offsetof(struct frame, user);
	regs->rax = 0;
	regs->rip = action->handler;
	regs->rsp = at;
	regs->rflags = 0; /* a handler starts with no flag set; sanitize puts in what must be */
	regs->orig_rax = ~0ull;
	user_regs_sanitize(regs);
	return 0;
}

long user_signal_return(uint64_t *mask)
{
	struct thread *thread = current();
	vms_va at = thread->regs.rsp - 8; /* the handler's return took return_to */
	struct frame_user_context user;
	long result = user_read(&user, at + offsetof(struct frame, user), sizeof(user));

	if (result == 0)
		result = load_fpu(user.context.fpu);
	if (result != 0)
		return -EFAULT;
	take_context(&thread->regs, &user.context);
	*mask = user.mask;
	return 0;
}
