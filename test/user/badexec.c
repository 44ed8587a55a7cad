/*
 * Try to run every file of a folder that make_bad.py filled: badexec FOLDER. The first word of a file's name says
 * what must come of it: `refuse` an error of execve, `die` an error or a signal, `run` exit status 42.
 */
#include "check.h"
#include <dirent.h>
#include <fcntl.h>

/* execve's errno, 0 if the program began; *status is then how it ended. */
static int try_exec(const char *path, int *status)
{
	char *arguments[] = {(char *)"bad", NULL}, *none[] = {NULL};
	int result[2], error = 0;

	CHECK(pipe(result) == 0);
	pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		close(result[0]);
		close(2);
		CHECK(fcntl(result[1], F_SETFD, FD_CLOEXEC) == 0);
		execve(path, arguments, none);
		error = errno;
		CHECK(write(result[1], &error, sizeof(error)) == sizeof(error));
		_exit(1);
	}
	close(result[1]);
	CHECK(read(result[0], &error, sizeof(error)) >= 0);
	close(result[0]);
	*status = status_of_child(child);
	return error;
}

static bool as_expected(const char *name, int error, int status)
{
	if (strncmp(name, "run.", 4) == 0)
		return error == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 42;
	if (strncmp(name, "die.", 4) == 0)
		return error != 0 || WIFSIGNALED(status);
	return error != 0;
}

int main(int argc, char **argv)
{
	char path[600];
	int nr_files = 0;
	bool all_well = true;

	CHECK(argc == 2);
	DIR *folder = opendir(argv[1]);
	CHECK(folder != NULL);
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		int status, error;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		error = try_exec(path, &status);
		nr_files++;
		if (!as_expected(entry->d_name, error, status)) {
			printf("%s: errno %d, status 0x%x\n", entry->d_name, error, (unsigned)status);
			all_well = false;
		}
	}
	closedir(folder);
	CHECK(nr_files > 40);
	if (all_well)
		done("badexec: ok");
	return !all_well;
}
