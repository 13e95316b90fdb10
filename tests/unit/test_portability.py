"""Nothing that only POSIX systems have is used without a way around: found by reading the syntax trees."""

import ast
from pathlib import Path

import pytest

import ganaug

PACKAGE = Path(ganaug.__file__).parent
# Missing on Windows, or on Windows and macOS; see the "Availability" lines of the documentation of os and signal.
POSIX_ONLY = {
    "os": """chown chroot ctermid fchdir fchmod fchown fdatasync fork forkpty fpathconf fstatvfs getegid geteuid getgid
        getgroups getloadavg getpgid getpgrp getpriority getresgid getresuid getsid getuid initgroups killpg lchown lockf
        major minor mkfifo mknod nice openpty pathconf pipe2 posix_fadvise posix_fallocate posix_spawn pread preadv pwrite
        pwritev readv register_at_fork sched_getaffinity sched_setaffinity sched_yield sendfile setegid seteuid setgid
        setpgid setpriority setsid setuid statvfs sync sysconf sysconf_names tcgetpgrp uname wait wait3 wait4 waitid writev
        WEXITSTATUS WIFEXITED WNOHANG O_CLOEXEC O_DIRECTORY O_DSYNC O_NOFOLLOW O_NONBLOCK O_SYNC""".split(),
    "signal": """SIGALRM SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGTSTP SIGUSR1 SIGUSR2 SIGWINCH alarm
        getitimer pause pthread_kill pthread_sigmask setitimer siginterrupt sigpending sigwait""".split(),
    "time": ["tzset", "clock_gettime", "CLOCK_MONOTONIC", "CLOCK_PROCESS_CPUTIME_ID"],
    "socket": ["AF_UNIX", "socketpair"],
}
MODULES = {"curses", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "spwd", "syslog", "termios", "tty"}
ONE_WAY_ONLY = {"fork", "forkserver"}  # start methods of multiprocessing


def scopes(tree):
    """Give every node with the innermost function, or the module, that it stands in."""
    stack = [(tree, tree)]
    while stack:
        node, scope = stack.pop()
        yield node, scope
        inner = node if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else scope
        stack.extend((child, inner) for child in ast.iter_child_nodes(node))


def guards(scope):
    """Return the names whose absence a scope asks about, or survives."""
    found = set()
    for node in ast.walk(scope):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("hasattr", "getattr"):
            found |= {argument.value for argument in node.args[1:2] if isinstance(argument, ast.Constant)}
        if isinstance(node, ast.Compare) and ast.unparse(node.left) in ("os.name", "sys.platform"):
            found.add("*")
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            caught = ast.unparse(node.type)
            found |= (
                {"*"}
                if any(error in caught for error in ("ImportError", "ModuleNotFound", "AttributeError"))
                else set()
            )
    return found


def unguarded(source):
    tree = ast.parse(source)
    for node, scope in scopes(tree):
        names = []
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names = [node.attr] if node.attr in POSIX_ONLY.get(node.value.id, ()) else []
        elif isinstance(node, ast.ImportFrom):
            names = [a.name for a in node.names if a.name in POSIX_ONLY.get(node.module, ())]
            names += [node.module] if node.module in MODULES else []
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names if a.name in MODULES]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("get_context", "set_start_method"):
            names = [a.value for a in node.args if isinstance(a, ast.Constant) and a.value in ONE_WAY_ONLY]
        if names and not guards(scope) & {*names, "*", *(["sysconf"] if "sysconf_names" in names else [])}:
            yield node.lineno, names[0]


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_what_only_posix_has_has_a_fallback(file):
    found = list(unguarded(file.read_text(encoding="utf-8")))
    assert not found, f"{file.name}: {found}; ask `hasattr` first, and do something else where it is missing"


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("import os\npid = os.fork()", ["fork"]),
        ("import fcntl", ["fcntl"]),
        ("try:\n    import fcntl\nexcept ImportError:\n    fcntl = None", []),
        ("import os\ndef f(fd):\n    return os.pread(fd, 1, 0)", ["pread"]),
        ("import os\ndef f(fd):\n    if hasattr(os, 'pread'):\n        return os.pread(fd, 1, 0)", []),
        (
            "import os\ndef f(fd):\n    if hasattr(os, 'pread'):\n        pass\ndef g(fd):\n    os.pread(fd, 1, 0)",
            ["pread"],
        ),
        ("import signal\nsignal.signal(signal.SIGKILL, f)", ["SIGKILL"]),
        ("import signal\nsignal.signal(signal.SIGTERM, f)", []),  # Windows has it: TerminateProcess
        ("from os import getuid", ["getuid"]),
        ("import multiprocessing as m\nm.get_context('fork')", ["fork"]),
        ("import os, sys\nif sys.platform != 'win32':\n    os.getuid()", []),
    ],
)
def test_the_reading_finds_planted_calls(source, named):
    assert [name for _, name in unguarded(source)] == named


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_text_files_name_their_encoding(file):
    """Windows' default is not UTF-8."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("read_text", "write_text"):
            assert any(word.arg == "encoding" for word in node.keywords), f"{file.name}:{node.lineno}"
