/* A program that PAM modules are loaded into, as nobody would want one. Each word of its command line does something to
 * this process, says something of the next sign-on, or holds one. Of a sign-on it prints a line: PAM's code, and after
 * tabs what was asked (>) and told (!). "changed" and a word follows where the module has left something behind. */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <locale.h>
#include <pthread.h>
#include <security/pam_appl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUT 700
#define MOST 16384

enum how { TEXT, NULL_TEXT, NULL_ARRAY, FAIL, JUMP, FORK_CHILD, FORK_PARENT, FORK_BOTH };

struct answer {
    enum how how;
    const char *text;
};

/* One sign-on. */
struct sign_on {
    const char *user, *service, *rhost, *tty, *ruser;
    int flags;
    struct answer answers[16];
    int given, taken;
    char line[65536];
    size_t length;
    int code;
    sigjmp_buf back;
    pid_t child;
    int child_waits;
};

static struct sign_on next = {.user = "alice", .service = "otpcodes"};
static const char *arguments[MOST];
static int argument_count;
static void *modules[4];
static int module_count;
static size_t stack_size;

static void die(const char *what)
{
    dprintf(2, "host: %s: %s\n", what, strerror(errno));
    _exit(70);
}

static void say(const char *line, size_t length)
{
    if (write(OUT, line, length) != (ssize_t)length)
        _exit(71);
}

static void add(struct sign_on *s, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    size_t room = sizeof s->line - s->length;
    int length = vsnprintf(s->line + s->length, room, format, list);
    va_end(list);
    s->length += (size_t)length < room ? (size_t)length : room - 1;
}

/* What a module could leave behind in the process. */
struct state {
    struct action {
        void (*handler)(int);
        int flags;
    } actions[65];
    sigset_t mask, pending;
    struct itimerval timer;
    struct rlimit limits[RLIM_NLIMITS];
    mode_t umask;
    ino_t folder;
    char locale[1024];
    char files[16384];
    unsigned long environment;
    int threads, is_mapped, dumpable, children;
};

extern char **environ;

static int entries(const char *folder)
{
    DIR *opened = opendir(folder);
    int count = 0;
    while (opened && readdir(opened))
        count++;
    if (opened)
        closedir(opened);
    return count;
}

static void list_files(char *list, size_t room)
{
    list[0] = 0;
    for (int fd = 0; fd < OUT; fd++) {
        char name[64], target[256];
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(name, target, sizeof target - 1);
        size_t used = strlen(list);
        if (length >= 0)
            snprintf(list + used, room - used, "%d=%.*s ", fd, (int)length, target);
    }
}

static int is_mapped(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[1024];
    int found = 0;
    while (maps && fgets(line, sizeof line, maps))
        found |= strstr(line, "pam_otpair") != NULL;
    if (maps)
        fclose(maps);
    return found;
}

static void look(struct state *state)
{
    memset(state, 0, sizeof *state);
    struct stat folder;
    for (int number = 1; number < 65; number++) {
        struct sigaction action = {0};
        sigaction(number, NULL, &action);
        state->actions[number] = (struct action){action.sa_handler, action.sa_flags};
    }
    pthread_sigmask(SIG_SETMASK, NULL, &state->mask);
    sigpending(&state->pending);
    getitimer(ITIMER_REAL, &state->timer);
    state->timer.it_value = (struct timeval){0};
    for (int limit = 0; limit < RLIM_NLIMITS; limit++)
        getrlimit(limit, &state->limits[limit]);
    state->umask = umask(0);
    umask(state->umask);
    if (stat(".", &folder) == 0)
        state->folder = folder.st_ino;
    snprintf(state->locale, sizeof state->locale, "%s", setlocale(LC_ALL, NULL));
    list_files(state->files, sizeof state->files);
    for (char **variable = environ; variable && *variable; variable++)
        for (char *byte = *variable; *byte; byte++)
            state->environment = state->environment * 31 + (unsigned char)*byte;
    state->threads = entries("/proc/self/task");
    state->is_mapped = is_mapped();
    state->dumpable = prctl(PR_GET_DUMPABLE);
}

static void tell_changes(const struct state *a, const struct state *b)
{
    char line[40000];
    int length = 0;
#define CHANGED(part)                                                                                                  \
    if (memcmp(&a->part, &b->part, sizeof a->part))                                                                    \
    length += sprintf(line + length, "changed " #part "\n")
    CHANGED(actions);
    CHANGED(mask);
    CHANGED(pending);
    CHANGED(timer);
    CHANGED(limits);
    CHANGED(umask);
    CHANGED(folder);
    CHANGED(locale);
    CHANGED(environment);
    CHANGED(threads);
    CHANGED(is_mapped);
    CHANGED(dumpable);
    if (strcmp(a->files, b->files))
        length += sprintf(line + length, "changed files: %s-> %s\n", a->files, b->files);
    if (length)
        say(line, (size_t)length);
}

/* The conversation. */
static int forked(struct sign_on *s, enum how how)
{
    int ends[2];
    if (how == FORK_PARENT && pipe(ends))
        die("pipe");
    s->child = fork();
    if (s->child < 0)
        die("fork");
    if (s->child == 0) {
        if (how == FORK_PARENT) {
            /* Keeps what it has inherited open until the parent is done. */
            char byte;
            close(ends[1]);
            _exit(read(ends[0], &byte, 1) != 0);
        }
        add(s, "\tchild");
        return PAM_SUCCESS;
    }
    if (how == FORK_PARENT) {
        close(ends[0]);
        s->child_waits = ends[1];
    }
    if (how != FORK_CHILD)
        return PAM_SUCCESS;
    waitpid(s->child, NULL, 0);
    return PAM_CONV_ERR;
}

static int converse(int count, const struct pam_message **messages, struct pam_response **responses, void *data)
{
    struct sign_on *s = data;
    struct pam_response *given = calloc((size_t)(count > 0 ? count : 1), sizeof *given);
    for (int i = 0; i < count; i++) {
        int asks = messages[i]->msg_style == PAM_PROMPT_ECHO_OFF || messages[i]->msg_style == PAM_PROMPT_ECHO_ON;
        add(s, "\t%c%s", asks ? '>' : '!', messages[i]->msg);
        if (!asks)
            continue;
        if (s->taken == s->given) {
            free(given);
            return PAM_CONV_ERR;
        }
        struct answer answer = s->answers[s->taken++];
        int result = PAM_SUCCESS;
        switch (answer.how) {
        case NULL_TEXT:
            continue;
        case NULL_ARRAY:
            free(given);
            *responses = NULL;
            return PAM_SUCCESS;
        case FAIL:
            free(given);
            return PAM_CONV_ERR;
        case JUMP:
            free(given);
            siglongjmp(s->back, 1);
        case FORK_CHILD:
        case FORK_PARENT:
        case FORK_BOTH:
            result = forked(s, answer.how);
            break;
        case TEXT:
            break;
        }
        if (result != PAM_SUCCESS) {
            free(given);
            return result;
        }
        given[i].resp = strdup(answer.text);
        /* As some hosts leave it. */
        given[i].resp_retcode = -1;
    }
    *responses = given;
    return PAM_SUCCESS;
}

static void no_delay(int status, unsigned microseconds, void *data)
{
    (void)status, (void)microseconds, (void)data;
}

typedef int authenticate(pam_handle_t *, int, int, const char **);

/* One sign-on, through libpam's stack or by calling a module by its address. */
static void hold(struct sign_on *s, authenticate *directly)
{
    struct pam_conv conv = {converse, s};
    pam_handle_t *pamh = NULL;
    s->length = 0;
    s->child = 0;
    s->child_waits = -1;
    s->code = pam_start(s->service, s->user, &conv, &pamh);
    if (s->code == PAM_SUCCESS) {
        pam_set_item(pamh, PAM_RHOST, s->rhost);
        pam_set_item(pamh, PAM_TTY, s->tty);
        pam_set_item(pamh, PAM_RUSER, s->ruser);
        pam_set_item(pamh, PAM_FAIL_DELAY, (const void *)no_delay);
        if (sigsetjmp(s->back, 1))
            s->code = -1;
        else if (directly)
            s->code = directly(pamh, s->flags, argument_count, arguments);
        else
            s->code = pam_authenticate(pamh, s->flags);
        pam_end(pamh, s->code);
    }
}

static void tell(struct sign_on *s)
{
    char line[sizeof s->line + 32];
    int length = snprintf(line, sizeof line, "%d%.*s\n", s->code, (int)s->length, s->line);
    say(line, (size_t)length);
}

static void *run(void *data)
{
    hold(data, NULL);
    return NULL;
}

static void in_a_thread(struct sign_on *s)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (pthread_attr_setstacksize(&attributes, stack_size))
        die("a stack of that size");
    if (pthread_create(&thread, &attributes, run, s))
        die("a thread");
    pthread_join(thread, NULL);
}

static void sign_on(authenticate *directly)
{
    static struct state before, after;
    look(&before);
    if (stack_size)
        in_a_thread(&next);
    else
        hold(&next, directly);
    int is_child = next.child == 0 && strstr(next.line, "\tchild") != NULL;
    tell(&next);
    if (is_child)
        _exit(0);
    look(&after);
    if (next.child > 0 && next.child_waits < 0)
        waitpid(next.child, NULL, 0);
    if (next.child_waits >= 0)
        close(next.child_waits);
    else
        tell_changes(&before, &after);
    next.given = next.taken = 0;
    memset(next.line, 0, sizeof next.line);
}

/* Sign-ons at the same time: a thread each. */
static struct sign_on *people[64];
static int people_count;
static pthread_barrier_t barrier;

static void *run_with_others(void *data)
{
    pthread_barrier_wait(&barrier);
    hold(data, NULL);
    return NULL;
}

static void sign_on_together(void)
{
    pthread_t threads[64];
    static struct state before, after;
    look(&before);
    pthread_barrier_init(&barrier, NULL, (unsigned)people_count);
    for (int i = 0; i < people_count; i++)
        if (pthread_create(&threads[i], NULL, run_with_others, people[i]))
            die("a thread");
    for (int i = 0; i < people_count; i++)
        pthread_join(threads[i], NULL);
    look(&after);
    /* A thread that was joined is gone from /proc a moment later. */
    after.threads = before.threads;
    for (int i = 0; i < people_count; i++)
        tell(people[i]);
    tell_changes(&before, &after);
    people_count = 0;
}

static void person(const char *user, const char *passcode)
{
    struct sign_on *s = calloc(1, sizeof *s);
    *s = next;
    s->user = user;
    s->answers[0] = (struct answer){TEXT, passcode};
    s->given = 1;
    people[people_count++] = s;
}

/* What happens to the process. */
static volatile sig_atomic_t caught;

static void note(int number)
{
    (void)number;
    caught++;
}

static void take_signal(int number, const char *how)
{
    struct sigaction action = {.sa_handler = note};
    if (!strcmp(how, "ignore"))
        action.sa_handler = SIG_IGN;
    if (!strcmp(how, "default"))
        action.sa_handler = SIG_DFL;
    if (!strcmp(how, "restart"))
        action.sa_flags = SA_RESTART;
    if (sigaction(number, &action, NULL))
        die("sigaction");
}

static void block(int number)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void set_timer(long microseconds)
{
    struct timeval every = {0, microseconds};
    struct itimerval timer = {every, every};
    setitimer(ITIMER_REAL, &timer, NULL);
}

static const struct {
    const char *name;
    int number;
} calls[] = {
    {"socket", SYS_socket},       {"connect", SYS_connect},
    {"statx", SYS_statx},         {"getrandom", SYS_getrandom},     {"flock", SYS_flock},
    {"fdatasync", SYS_fdatasync}, {"prlimit64", SYS_prlimit64},     {"sched_yield", SYS_sched_yield},
    {"pwrite64", SYS_pwrite64},   {"sigaltstack", SYS_sigaltstack}, {"sched_getaffinity", SYS_sched_getaffinity},
    {"setrlimit", SYS_setrlimit}, {"fcntl", SYS_fcntl},             {"getdents64", SYS_getdents64},
    {"readlink", SYS_readlink},   {"readlinkat", SYS_readlinkat},   {"madvise", SYS_madvise},
};

/* A filter as VPN servers, sshd and systemd set them: the call fails with this error from now on. */
static void deny(const char *name, int error)
{
    int number = -1;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (!strcmp(calls[i].name, name))
            number = calls[i].number;
    if (number < 0)
        die("no such system call is known here");
    /* Of sockets only those to the system's log: libpam refuses everybody where it can't reach the kernel's audit. */
    unsigned char any = number != SYS_socket;
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 0, any ? 0 : 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        die("seccomp");
}

/* Looks for a secret in all memory that can be written. It is given with every bit of it turned, so that it is nowhere
 * but where the module has left it. */
static int places_of(const unsigned char *turned, size_t length)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[1024];
    int places = 0;
    while (maps && fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char rights[5];
        if (sscanf(line, "%lx-%lx %4s", &from, &to, rights) != 3 || strncmp(rights, "rw", 2) || strstr(line, "[vvar"))
            continue;
        const unsigned char *byte = (const unsigned char *)from;
        for (; (unsigned long)(byte + length) <= to; byte++) {
            size_t same = 0;
            while (same < length && byte[same] + turned[same] == 0xff)
                same++;
            places += same == length;
        }
    }
    if (maps)
        fclose(maps);
    return places;
}

static void search(const char *hex)
{
    unsigned char turned[256];
    size_t length = strlen(hex) / 2;
    for (size_t i = 0; i < length && i < sizeof turned; i++)
        sscanf(hex + 2 * i, "%2hhx", &turned[i]);
    char line[64];
    int told = sprintf(line, "%d places\n", places_of(turned, length));
    say(line, (size_t)told);
}

static void pipes(int count)
{
    int ends[2];
    for (int i = 0; i < count; i++)
        if (i % 2 ? pipe(ends) : socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
            die("a pipe");
}

static void limit_files(long most)
{
    struct rlimit limit = {(rlim_t)most, (rlim_t)most};
    if (setrlimit(RLIMIT_NOFILE, &limit))
        die("setrlimit");
}

static void answer(enum how how, const char *text)
{
    next.answers[next.given++] = (struct answer){how, text};
}

static const char *huge(long bytes, int with)
{
    char *text = malloc((size_t)bytes + 1);
    memset(text, with, (size_t)bytes);
    text[bytes] = 0;
    return text;
}

static authenticate *module(int number)
{
    authenticate *found = (authenticate *)dlsym(modules[number], "pam_sm_authenticate");
    if (!found)
        die(dlerror());
    return found;
}

static void load(const char *path, int flags)
{
    modules[module_count] = dlopen(path, RTLD_NOW | flags);
    if (!modules[module_count++])
        die(dlerror());
}

static char **words;

static const char *word(void)
{
    if (!*words) {
        errno = EINVAL;
        die("a word is missing");
    }
    return *words++;
}

static long number(void) { return strtol(word(), NULL, 0); }

static int is(const char *what, const char *name) { return !strcmp(what, name); }

static int of_the_process(const char *what)
{
    if (is(what, "close"))
        close((int)number());
    else if (is(what, "pipes"))
        pipes((int)number());
    else if (is(what, "limit-files"))
        limit_files(number());
    else if (is(what, "signal")) {
        int which = (int)number();
        take_signal(which, word());
    } else if (is(what, "block"))
        block((int)number());
    else if (is(what, "raise"))
        raise((int)number());
    else if (is(what, "timer"))
        set_timer(number());
    else if (is(what, "locale")) {
        if (!setlocale(LC_ALL, ""))
            die("setlocale");
    } else if (is(what, "stack"))
        stack_size = (size_t)number() * 1024;
    else if (is(what, "deny")) {
        const char *name = word();
        deny(name, (int)number());
    } else if (is(what, "load")) {
        const char *path = word();
        load(path, is(word(), "deep") ? RTLD_DEEPBIND : RTLD_LOCAL);
    } else if (is(what, "load-globally"))
        load(word(), RTLD_GLOBAL);
    else
        return 0;
    return 1;
}

static int of_the_sign_on(const char *what)
{
    if (is(what, "user"))
        next.user = word();
    else if (is(what, "nobody"))
        next.user = NULL;
    else if (is(what, "service"))
        next.service = word();
    else if (is(what, "rhost"))
        next.rhost = word();
    else if (is(what, "tty"))
        next.tty = word();
    else if (is(what, "ruser"))
        next.ruser = word();
    else if (is(what, "silent"))
        next.flags |= (int)PAM_SILENT;
    else if (is(what, "argument"))
        arguments[argument_count++] = word();
    else if (is(what, "arguments"))
        for (long left = number(); left; left--)
            arguments[argument_count++] = "debug";
    else if (is(what, "answer"))
        answer(TEXT, word());
    else if (is(what, "huge"))
        answer(TEXT, huge(number(), '7'));
    else if (is(what, "huge-bytes"))
        answer(TEXT, huge(number(), 0xff));
    else if (is(what, "null-text"))
        answer(NULL_TEXT, NULL);
    else if (is(what, "null-array"))
        answer(NULL_ARRAY, NULL);
    else if (is(what, "fail"))
        answer(FAIL, NULL);
    else if (is(what, "jump"))
        answer(JUMP, NULL);
    else if (is(what, "fork-child"))
        answer(FORK_CHILD, word());
    else if (is(what, "fork-parent"))
        answer(FORK_PARENT, word());
    else if (is(what, "fork-both"))
        answer(FORK_BOTH, word());
    else
        return 0;
    return 1;
}

int main(int count, char **argv)
{
    (void)count;
    if (dup2(1, OUT) != OUT || fcntl(OUT, F_SETFD, FD_CLOEXEC))
        die("dup2");
    words = argv + 1;
    while (*words) {
        const char *what = word();
        if (of_the_process(what) || of_the_sign_on(what))
            continue;
        if (is(what, "sign-on"))
            sign_on(NULL);
        else if (is(what, "directly"))
            sign_on(module((int)number()));
        else if (is(what, "person")) {
            const char *user = word();
            person(user, word());
        } else if (is(what, "together"))
            sign_on_together();
        else if (is(what, "search"))
            search(word());
        else if (is(what, "caught?"))
            say(caught ? "caught\n" : "quiet\n", caught ? 7 : 6);
        else
            die(what);
    }
    return 0;
}
