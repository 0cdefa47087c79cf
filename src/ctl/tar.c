#include "irqherd/ctl/tar.h"

#include <errno.h>
#include <string.h>

#define BLOCK     512u
#define NAME_SIZE 100u

struct header {
	char name[NAME_SIZE];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char time[12];
	char checksum[8];
	char type;
	char target[NAME_SIZE];
	char magic[8];
	char user[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char rest[12];
};

_Static_assert(sizeof(struct header) == BLOCK, "a tar header is one block");

static void put_bytes(struct tar *tar, const void *data, size_t length)
{
	static const char zeros[BLOCK];
	size_t padding = (BLOCK - length % BLOCK) % BLOCK;

	if (tar->error < 0)
		return;
	if ((length > 0 && fwrite(data, length, 1, tar->stream) != 1) ||
	    (padding > 0 && fwrite(zeros, padding, 1, tar->stream) != 1))
		tar->error = errno ? -errno : -EIO;
	tar->bytes += length + padding;
}

/* Octal digits up to the field's last byte, which is the NUL. */
static void put_octal(char *field, size_t size, uint64_t value)
{
	field[size - 1] = '\0';
	for (size_t i = size - 1; i-- > 0; value /= 8)
		field[i] = (char) ('0' + value % 8);
}

static void put_text(char *field, size_t size, const char *text)
{
	size_t length = strlen(text);

	memcpy(field, text, length < size ? length : size);
}

static void put_header(struct tar *tar, char type, const char *path, mode_t mode, size_t size,
		       const char *target)
{
	struct header header = { .type = type };
	const unsigned char *bytes = (const unsigned char *) &header;
	unsigned int sum = 0;

	put_text(header.name, sizeof(header.name), path);
	put_octal(header.mode, sizeof(header.mode), mode);
	put_octal(header.uid, sizeof(header.uid), 0);
	put_octal(header.gid, sizeof(header.gid), 0);
	put_octal(header.size, sizeof(header.size), size);
	put_octal(header.time, sizeof(header.time), tar->time);
	put_text(header.target, sizeof(header.target), target);
	memcpy(header.magic, "ustar  ", 8);
	put_text(header.user, sizeof(header.user), "root");
	put_text(header.group, sizeof(header.group), "root");
	memset(header.checksum, ' ', sizeof(header.checksum));
	for (size_t i = 0; i < sizeof(header); i++)
		sum += bytes[i];
	put_octal(header.checksum, 7, sum);
	put_bytes(tar, &header, sizeof(header));
}

/* What does not fit its field comes before, as an entry of its own. */
static void put_long(struct tar *tar, char type, const char *text)
{
	if (strlen(text) < NAME_SIZE)
		return;
	put_header(tar, type, "././@LongLink", 0644, strlen(text) + 1, "");
	put_bytes(tar, text, strlen(text) + 1);
}

static void put_entry(struct tar *tar, char type, const char *path, mode_t mode, size_t size,
		      const char *target)
{
	put_long(tar, 'K', target);
	put_long(tar, 'L', path);
	put_header(tar, type, path, mode, size, target);
	tar->entries++;
}

void tar_folder(struct tar *tar, const char *path)
{
	put_entry(tar, '5', path, 0755, 0, "");
}

void tar_file(struct tar *tar, const char *path, mode_t mode, const void *data, size_t length)
{
	put_entry(tar, '0', path, mode, length, "");
	put_bytes(tar, data, length);
}

void tar_link(struct tar *tar, const char *path, const char *target)
{
	put_entry(tar, '2', path, 0777, 0, target);
}

int tar_finish(struct tar *tar)
{
	static const char zeros[2 * BLOCK];

	put_bytes(tar, zeros, sizeof(zeros));
	if (tar->error == 0 && fflush(tar->stream) != 0)
		tar->error = -errno;
	return tar->error;
}
