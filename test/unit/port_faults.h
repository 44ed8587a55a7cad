/*
 * What can be wrong with a port: one at a time is planted in the simulated machine.
 */
#ifndef VMS_TEST_PORT_FAULTS_H
#define VMS_TEST_PORT_FAULTS_H

#include <vms/types.h>

enum port_fault {
	PORT_FINE,
	PORT_CPU_NUMBER,          /* a number that no CPU has */
	PORT_CPU_SAME,            /* all CPUs have one number */
	PORT_PREEMPT_NEST,        /* preemption is on after the first of two _on */
	PORT_ALLOC_TWICE,         /* one frame for two callers */
	PORT_ALLOC_USED,          /* a frame that is in use */
	PORT_ALLOC_BEYOND,        /* a frame that does not exist */
	PORT_ALLOC_ZERO,          /* 0 for "none" */
	PORT_FREE_LOST,           /* some that are freed are gone */
	PORT_INTERRUPT_FIRST,     /* only one CPU of a set is interrupted */
	PORT_INTERRUPT_SOMETIMES, /* one interrupt in twenty is lost */
	PORT_INTERRUPT_BUSY,      /* only idle CPUs are interrupted */
	PORT_INTERRUPT_OFF,       /* what comes while interrupts are off is lost */
	PORT_IRQ_SAVE,            /* interrupts are never off */
	PORT_IRQ_NEST,            /* they are on after the first of two restores */
	PORT_LOCK,                /* the kernel's lock does not serve flushes */
	PORT_ACTIVATE,            /* the root is not loaded */
	PORT_ACTIVATE_KEEPS,      /* the TLB is not emptied with it */
	PORT_COPY_IN_COUNT,       /* whole words are counted */
	PORT_COPY_IN_FIXUP,       /* there is none */
	PORT_COPY_OUT_COUNT,      /* all is counted */
	PORT_COPY_OUT_FIXUP,
	PORT_ZERO_COUNT,        /* the byte that faulted is counted */
	PORT_LOAD,              /* a fault reads as 0 */
	PORT_EXCHANGE,          /* a fault is told by a value */
	PORT_HANDLER_NONE,      /* faults are not given to the library */
	PORT_HANDLER_ACCESS,    /* all are called reads */
	PORT_FLUSH_PAGE,        /* does nothing */
	PORT_FLUSH_PAGE_OTHERS, /* does nothing but on the first CPU */
	PORT_WRITE_PROTECT,     /* the kernel writes to pages that are read-only */
	PORT_NX,                /* all can be executed */
	PORT_DIRTY,             /* is never set */
	PORT_KERNEL_HALF,       /* a space lacks an entry of it */
	PORT_FLUSH_PAGE_GLOBAL, /* leaves global entries */
	PORT_FLUSH_GLOBAL,      /* likewise */
	PORT_NR_FAULTS
};

extern enum port_fault port_fault;
void port_fault_plant(enum port_fault fault);

/* Not NULL: called when a frame was freed. */
extern void (*port_on_free)(vms_pfn frame);

#endif
