/* Error numbers: they begin in mm/, which answers as Linux does. */
#include <mm/errno.h>
