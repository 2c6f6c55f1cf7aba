/* Make system calls by number and print what each answers: "name errno", 0 for success. Linked statically, so that it
   runs in any container. Arguments are such that a call that is let through does no harm. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *name, long result) {
    printf("%s %d\n", name, result < 0 ? errno : 0);
    fflush(stdout);
}

#define CALL(name, ...) say(#name, syscall(SYS_##name, ##__VA_ARGS__))

static void denied(void) {
    CALL(mount, 0, 0, 0, 0, 0); CALL(umount2, 0, 0); CALL(pivot_root, 0, 0); CALL(unshare, 0); CALL(setns, -1, 0);
    CALL(bpf, 0, 0, 0); CALL(perf_event_open, 0, 0, 0, 0, 0); CALL(userfaultfd, -1); CALL(keyctl, 0, -3, 0, 0, 0);
    CALL(add_key, 0, 0, 0, 0, 0); CALL(request_key, 0, 0, 0, 0); CALL(open_by_handle_at, -1, 0, 0);
    CALL(kexec_load, 0, 0, 0, -1); CALL(init_module, 0, 0, 0); CALL(finit_module, -1, 0, 0);
    CALL(delete_module, 0, 0); CALL(acct, "/proc"); CALL(swapon, 0, 0); CALL(swapoff, 0); CALL(clock_settime, -1, 0);
    CALL(syslog, -1, 0, 0); CALL(fanotify_init, -1, 0); CALL(quotactl, 0, 0, 0, 0); CALL(move_pages, 0, 0, 0, 0, 0, 0);
    CALL(mbind, 0, 0, 0, 0, 0, 0); CALL(kcmp, 0, 0, 0, 0, 0); CALL(lookup_dcookie, 0, 0, 0);
    CALL(fsopen, 0, 0); CALL(open_tree, -1, 0, 0); CALL(move_mount, -1, 0, -1, 0, 0); CALL(mount_setattr, -1, 0, 0, 0, 0);
    CALL(sethostname, 0, -1); CALL(setdomainname, 0, -1); CALL(process_madvise, -1, 0, 0, 0, 0);
    CALL(pidfd_getfd, -1, 0, 0);
}

static void allowed(void) {
    CALL(getpid); CALL(prctl, 3, 0, 0, 0, 0); CALL(seccomp, -1, 0, 0); CALL(ptrace, 0, 0, 0, 0);
    CALL(memfd_create, "x", 0); CALL(capget, 0, 0); CALL(chroot, 0); CALL(mknod, 0, 0, 0); CALL(openat2, -1, 0, 0, 0);
    CALL(close_range, 100, 50, 0); CALL(pidfd_open, 1, 0); CALL(faccessat2, -1, "/", 0, 0); CALL(sched_yield);
    CALL(arch_prctl, -1, 0); CALL(modify_ldt, -1, 0, 0); CALL(setgroups, -1, 0); CALL(rseq, 0, 0, 0, 0);
}

static void missing(void) {
    CALL(clone3, 0, 0); say("500", syscall(500)); say("999", syscall(999)); say("-1", syscall(-1));
}

static void recent(void) {
    say("io_uring_setup", syscall(425, 0, 0)); say("name_to_handle_at", syscall(303, -1, 0, 0, 0, 0));
    say("pkey_free", syscall(331, 1)); say("process_vm_readv", syscall(310, -1, 0, 0, 0, 0, 0));
    say("cachestat", syscall(451, -1, 0, 0, 0)); say("fchmodat2", syscall(452, -1, "/", 0, -1));
    say("statmount", syscall(457, 0, 0, 0, -1)); say("mseal", syscall(462, 0, 0, -1));
}

static void families(void) {
    static const struct { const char *name; int family, kind; } all[] = {
        {"unix", AF_UNIX, SOCK_STREAM}, {"inet", AF_INET, SOCK_STREAM}, {"inet6", AF_INET6, SOCK_DGRAM},
        {"netlink", AF_NETLINK, SOCK_RAW}, {"packet", AF_PACKET, SOCK_RAW}, {"raw", AF_INET, SOCK_RAW},
    };
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++) say(all[i].name, socket(all[i].family, all[i].kind, 0));
}

static void refused_families(void) {
    say("alg", socket(38, SOCK_SEQPACKET, 0));
    say("vsock", socket(40, SOCK_STREAM, 0));
}

static void namespaces(void) {
    static const struct { const char *name; long flag; } all[] = {
        {"none", 0}, {"mnt", CLONE_NEWNS}, {"user", CLONE_NEWUSER}, {"pid", CLONE_NEWPID}, {"net", CLONE_NEWNET},
        {"uts", CLONE_NEWUTS}, {"ipc", CLONE_NEWIPC}, {"cgroup", CLONE_NEWCGROUP},
    };
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
        long pid = syscall(SYS_clone, all[i].flag | SIGCHLD, 0, 0, 0, 0);
        if (pid == 0) _exit(0);
        say(all[i].name, pid);
        if (pid > 0) waitpid(pid, 0, 0);
    }
}

static void personalities(void) {
    static const unsigned long all[] = {0x0, 0x8, 0x20000, 0x20008, 0xffffffff, 0x40000, 0x1};
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
        char name[20];
        sprintf(name, "%#lx", all[i]);
        say(name, syscall(SYS_personality, all[i]));
    }
}

static void keyring(void) {
    char text[200] = "";
    syscall(SYS_keyctl, 6 /* describe */, -3 /* the session's */, text, sizeof text - 1, 0);
    puts(text);
}

int main(int argc, char **argv) {
    static const struct { const char *name; void (*run)(void); } all[] = {
        {"denied", denied}, {"allowed", allowed}, {"missing", missing}, {"recent", recent}, {"families", families},
        {"refused-families", refused_families}, {"namespaces", namespaces}, {"personalities", personalities},
        {"keyring", keyring},
    };
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        if (argc == 2 && !strcmp(argv[1], all[i].name)) return all[i].run(), 0;
    return 2;
}
