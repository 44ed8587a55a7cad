/*
 * What the kernel says that it is: to uname(2) and in /proc. Programs look for features by the release.
 */
#ifndef KERNEL_VERSION_H
#define KERNEL_VERSION_H

#define KERNEL_SYSNAME "Linux"
#define KERNEL_RELEASE "6.1.0-vmspace"
#define KERNEL_VERSION "#1 SMP vmspace"
#define KERNEL_MACHINE "x86_64"
#define KERNEL_PID_MAX 4194304

#define HOST_NAME_LEN 65                    /* with the NUL */
void host_name_get(char to[HOST_NAME_LEN]); /* sys_misc.c */

#endif
