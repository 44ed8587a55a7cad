/*
 * Processes by the thousand: fork, exit, wait, with a little memory that both sides change, and trees of them.
 * forks [NUMBER]
 */
#include "check.h"

static void fork_in_turn(int number)
{
	char *at = memory_new(16 * PAGE, PROT_READ | PROT_WRITE);

	for (int i = 0; i < number; i++) {
		at[(i % 16) * (int)PAGE] = (char)i;
		pid_t child = fork();
		CHECK(child >= 0);
		if (child == 0) {
			if (at[(i % 16) * (int)PAGE] != (char)i)
				_exit(255);
			at[((i + 1) % 16) * (int)PAGE] = 1;
			_exit(i % 200);
		}
		CHECK(exited_with(child, i % 200));
	}
	CHECK(munmap(at, 16 * PAGE) == 0);
	done("in turn");
}

static void fork_many_at_once(void)
{
	pid_t children[50];

	for (size_t i = 0; i < ARRAY_LEN(children); i++) {
		children[i] = fork();
		CHECK(children[i] >= 0);
		if (children[i] == 0)
			_exit((int)i);
	}
	for (size_t i = ARRAY_LEN(children); i-- > 0;)
		CHECK(exited_with(children[i], (int)i));
	done("at once");
}

/* A tree of processes; each is the sum of what is under it. */
static int tree(int depth)
{
	pid_t children[3];
	int sum = 1;

	if (depth == 0)
		return 1;
	for (size_t i = 0; i < ARRAY_LEN(children); i++) {
		children[i] = fork();
		CHECK(children[i] >= 0);
		if (children[i] == 0)
			_exit(tree(depth - 1));
	}
	for (size_t i = 0; i < ARRAY_LEN(children); i++) {
		int status = status_of_child(children[i]);

		CHECK(WIFEXITED(status));
		sum += WEXITSTATUS(status);
	}
	return sum;
}

/* Children whose parent ends first go to the first process, which waits for them. */
static void orphans(void)
{
	for (int i = 0; i < 20; i++) {
		pid_t child = fork();

		CHECK(child >= 0);
		if (child == 0) {
			if (fork() == 0) {
				usleep(1000);
				_exit(1);
			}
			_exit(0);
		}
		CHECK(exited_with(child, 0));
	}
	done("orphans");
}

static void vfork_once(void)
{
	pid_t child = vfork();

	CHECK(child >= 0);
	if (child == 0)
		_exit(9);
	CHECK(exited_with(child, 9));
}

static void vforks(void)
{
	for (int i = 0; i < 50; i++)
		vfork_once();
	done("vforks");
}

int main(int argc, char **argv)
{
	fork_in_turn(argc > 1 ? atoi(argv[1]) : 1000);
	fork_many_at_once();
	CHECK(tree(4) == 121);
	done("tree");
	orphans();
	vforks();
	done("forks: ok");
	return 0;
}
