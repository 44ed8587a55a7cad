/*
 * Files as memory sees them: what mm/ needs of a file mapping. A mapped page is the very frame that read and
 * write use.
 */
#include <kernel/fs/fs.h>
#include <kernel/fs/inode.h>
#include <mm/mm.h>

void mm_port_file_get(struct file *file)
{
	file_get(file);
}

void mm_port_file_put(struct file *file)
{
	file_put(file);
}

long mm_port_file_page(struct file *file, uint64_t index, vms_pfn *frame)
{
	struct inode *inode = file->inode;
	long error = 0;

	lock_take(&inode->lock);
	if (file->ops != &regular_ops || index >= page_up(inode->size) / VMS_PAGE)
		error = -EFAULT;
	if (!error) {
		*frame = regular_page(inode, index);
		if (*frame == VMS_NO_FRAME || vms_frame_get(*frame) != VMS_OK)
			error = -ENOMEM;
		inode->mapped = true;
	}
	lock_drop(&inode->lock);
	return error;
}

bool mm_port_file_has_page(struct file *file, uint64_t index)
{
	struct inode *inode = file->inode;
	bool has;

	lock_take(&inode->lock);
	has = index * VMS_PAGE < inode->backed_len || pages_find(&inode->pages, index) != VMS_NO_FRAME;
	lock_drop(&inode->lock);
	return has;
}

/* Two files that show one inode show the same. */
const void *mm_port_file_contents(struct file *file)
{
	return file->inode;
}

long mm_port_file_remove(struct file *file, uint64_t offset, uint64_t len)
{
	return regular_punch(file->inode, offset, offset + len);
}

long mm_port_shared_file(uint64_t len, struct file **file)
{
	struct inode *inode;
	long error;

	if (len > FILE_MAX)
		return -ENOMEM;
	inode = inode_new_regular(0600);
	if (!inode)
		return -ENOMEM;
	inode->size = len;
	error = file_new_nameless(inode, "/dev/zero (deleted)", O_RDWR, file);
	return error;
}
