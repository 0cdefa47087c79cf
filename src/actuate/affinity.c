#include "irqherd/actuate/affinity.h"

#include <errno.h>

enum move_result move_result_of_errno(int error)
{
	switch (error) {
	case 0:
		return MOVE_APPLIED;
	case -EAGAIN:
	case -EBUSY:
	case -EINTR:
		return MOVE_BUSY;
	case -ENOSPC:
		return MOVE_NO_VECTOR;
	case -EINVAL:
		return MOVE_NO_ONLINE_CPU;
	case -EPERM:
	case -EIO: /* up to about Linux 6.11, where newer ones say EPERM */
		return MOVE_NOT_ALLOWED;
	case -ENOENT:
	case -ENODEV:
		return MOVE_GONE;
	case -EROFS:
	case -EACCES:
		return MOVE_READ_ONLY;
	default:
		return MOVE_FAILED;
	}
}
