/*
 * The least that a balancer can spend on a look: one pread of /proc/stat through a kept descriptor,
 * and every byte of it looked at once. Usage: floor FILE TIMES; callgrind's difference of two runs
 * is the cost of one.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char text[1 << 20];

int main(int argc, char **argv)
{
	uint64_t sum = 0;
	int fd, times;

	if (argc != 3 || (fd = open(argv[1], O_RDONLY)) < 0)
		return 2;
	for (times = atoi(argv[2]); times > 0; times--) {
		ssize_t length = pread(fd, text, sizeof(text), 0);
		uint64_t number = 0;

		for (ssize_t i = 0; i < length; i++) {
			unsigned int digit = (unsigned char) text[i] - '0';

			if (digit < 10) {
				number = number * 10 + digit;
			} else {
				sum += number;
				number = 0;
			}
		}
	}
	printf("%llu\n", (unsigned long long) sum);
	return 0;
}
