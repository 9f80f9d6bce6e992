# Shell functions that prepare the machine. Sourced by bin/run, bin/test and bin/partyline;
# `bash bin/_setup.sh libraries|build-tools|runtime|tests` runs one step (the Dockerfile does).
#
# What is kept in .venv:
#   .ready-runtime, .ready-tests   what was installed; written last, so a missing one means "again"
#   .installing                    an installation is under way; found at the start it was cut off
#   .without-microphone            PyAudio was left out because something to build it is missing

set -euo pipefail

ROOT=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
VENV=$ROOT/.venv
VENV_PYTHON=$VENV/bin/python
OLDEST_PYTHON='(3, 11)'
FIRST_UNSUPPORTED_PYTHON='(3, 14)'
OLDEST_GLIBC=2.34

# Settings of another environment must not reach this one.
unset PYTHONPATH PYTHONHOME PYTHONSTARTUP VIRTUAL_ENV __PYVENV_LAUNCHER__

say() { printf 'partyline: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

# ---------------------------------------------------------------- system packages

as_root() {
    if [[ $(id -u) -eq 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 1
    fi
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=1 \
        -o Acquire::http::Timeout=20 -o DPkg::Lock::Timeout=60 "$@" </dev/null >/dev/null 2>&1
}

# Tries to install Debian packages; callers check afterwards what is really there.
install_packages() {
    command -v apt-get >/dev/null && as_root true || return 0
    say "installing system packages: $*"
    if [[ -z ${APT_LISTS_ARE_FRESH:-} ]]; then
        apt_get update || say "the package lists could not be refreshed; trying with the present ones"
        APT_LISTS_ARE_FRESH=yes
    fi
    apt_get install -y --no-install-recommends "$@" && return 0
    # One unknown name makes apt refuse all of them.
    local package
    for package in "$@"; do
        apt_get install -y --no-install-recommends "$package" || true
    done
}

# True when the dynamic loader's usual places hold the library.
has_library() {
    compgen -G "/usr/lib/*/$1" >/dev/null || compgen -G "/usr/lib*/$1" >/dev/null ||
        compgen -G "/lib/*/$1" >/dev/null || compgen -G "/usr/local/lib/$1" >/dev/null
}

has_portaudio_header() { [[ -e /usr/include/portaudio.h || -e /usr/local/include/portaudio.h ]]; }

has_compiler() { command -v gcc >/dev/null || command -v cc >/dev/null; }

has_python_headers() {
    "$1" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))'
}

# Shared libraries that the installed packages load.
prepare_libraries() {
    local wanted=()
    has_library libssl.so.3 || wanted+=(libssl3)
    has_library libportaudio.so.2 || wanted+=(libportaudio2)
    [[ -e /etc/ssl/certs/ca-certificates.crt ]] || wanted+=(ca-certificates)
    [[ ${#wanted[@]} -eq 0 ]] && return
    install_packages "${wanted[@]}"
    has_library libssl.so.3 ||
        say "without the system package libssl3 Azure Speech cannot be used; all else works"
    [[ -e /etc/ssl/certs/ca-certificates.crt ]] ||
        say "without the system package ca-certificates cloud providers may refuse to connect"
}

# What compiles PyAudio, which has no ready-made package for Linux.
prepare_build_tools() {
    local python wanted=()
    python=$(find_python)
    has_portaudio_header || wanted+=(portaudio19-dev)
    has_compiler || wanted+=(gcc libc6-dev)
    has_python_headers "$python" || wanted+=("$(python_package "$python" dev)")
    [[ ${#wanted[@]} -eq 0 ]] || install_packages "${wanted[@]}"
}

# Prints which packages are missing to build PyAudio, nothing when it can be built.
missing_build_tools() {
    local missing=()
    has_portaudio_header || missing+=(portaudio19-dev)
    has_compiler || missing+=(gcc)
    has_python_headers "$1" || missing+=("$(python_package "$1" dev)")
    printf '%s' "${missing[*]}"
}

# ---------------------------------------------------------------- Python

# Debian's package for an interpreter: python3-venv for its own, python3.12-venv for another.
python_package() {
    if [[ $(readlink -f -- "$1") == "$(readlink -f -- /usr/bin/python3)" ]]; then
        printf 'python3-%s' "$2"
    else
        printf '%s-%s' "$("$1" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')" "$2"
    fi
}

is_supported_python() {
    "$1" -c "import sys; sys.exit(not $OLDEST_PYTHON <= sys.version_info[:2] < $FIRST_UNSUPPORTED_PYTHON)" \
        >/dev/null 2>&1
}

can_make_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# Prints the interpreter to use: one that can make environments, else any supported one.
find_python() {
    local name path fallback=
    for name in ${PARTYLINE_PYTHON:+"$PARTYLINE_PYTHON"} python3 python3.13 python3.12 python3.11 \
        /usr/bin/python3; do
        path=$(command -v -- "$name") || continue
        is_supported_python "$path" || continue
        if can_make_venv "$path"; then
            printf '%s' "$path"
            return
        fi
        fallback=${fallback:-$path}
    done
    printf '%s' "$fallback"
}

require_python() {
    local python
    python=$(find_python)
    if [[ -z $python ]]; then
        install_packages python3 python3-venv
        python=$(find_python)
    elif ! can_make_venv "$python"; then
        install_packages "$(python_package "$python" venv)"
    fi
    [[ -n $python ]] || die "Python 3.11, 3.12 or 3.13 is needed: install the system package python3," \
        "or name an interpreter in PARTYLINE_PYTHON"
    can_make_venv "$python" || die "$python cannot make virtual environments: install the system" \
        "package $(python_package "$python" venv) and start again"
}

warn_of_platform() {
    local glibc
    glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | tr -dc '0-9.') || glibc=
    if [[ $(uname -m) != x86_64 || -z $glibc ]] ||
        [[ $(printf '%s\n' "$OLDEST_GLIBC" "$glibc" | sort -V | head -n 1) != "$OLDEST_GLIBC" ]]; then
        say "this machine is not x86-64 with glibc $OLDEST_GLIBC or newer: some packages may be missing"
    fi
}

# ---------------------------------------------------------------- the virtual environment

# What an up-to-date environment was made from: these steps, the requirement pages, the interpreter.
fingerprint() {
    "$VENV_PYTHON" -I -S -c 'import sys; print(sys.version)' 2>/dev/null || return 1
    (cd -- "$ROOT" && sha256sum bin/_setup.sh requirements.txt "$@")
}

# is_ready STAMP [FURTHER REQUIREMENT PAGE...]: true when nothing has to be done.
is_ready() {
    local stamp=$VENV/$1 expected
    shift
    [[ -e $stamp && ! -e $VENV/.installing ]] || return 1
    expected=$(fingerprint "$@") && [[ $(<"$stamp") == "$expected" ]] || return 1
    # Once everything to build it is there, PyAudio gets its second chance.
    [[ ! -e $VENV/.without-microphone || -n $(missing_build_tools "$VENV_PYTHON") ]]
}

make_venv() {
    if [[ -e $VENV/.installing ]]; then
        say "the last set-up was interrupted: starting the virtual environment afresh"
        rm -rf -- "$VENV"
    elif [[ -e $VENV ]] && ! { is_supported_python "$VENV_PYTHON" &&
        "$VENV_PYTHON" -m pip --version >/dev/null 2>&1; }; then
        say "the virtual environment does not work any more: making it again"
        rm -rf -- "$VENV"
    fi
    [[ -e $VENV ]] && return
    local python
    python=$(find_python)
    say "making a virtual environment with $("$python" --version)"
    mkdir -p -- "$VENV"
    : >"$VENV/.installing"
    "$python" -m venv "$VENV" || die "the virtual environment could not be made"
}

pip_install() {
    "$VENV_PYTHON" -m pip install --disable-pip-version-check --no-input --no-user \
        --quiet --require-hashes --no-compile "$@"
}

# pip would compile on one processor. Some packages hold modules that are not for this Python.
compile_packages() { "$VENV_PYTHON" -m compileall -q -j 0 "$VENV/lib" >/dev/null 2>&1 || true; }

# Prints the requirements without PyAudio, or with `only` nothing but PyAudio.
requirements_for() {
    awk -v only="$([[ $1 == only ]] && echo 1 || echo 0)" \
        '/^[^ #]/ { inside = /^pyaudio==/ } inside == only' "$ROOT/requirements.txt"
}

install_requirements() {
    say "installing Python packages (a few minutes at the first start)"
    rm -f -- "$VENV"/.ready-*
    : >"$VENV/.installing"
    local page=$VENV/.requirements-without-pyaudio.txt
    requirements_for all >"$page"
    if ! pip_install -r "$page" "$@"; then
        rm -f -- "$VENV/.installing"
        die "the Python packages could not be installed (see above); nothing was started"
    fi
    ln -sfn ../../bin/partyline "$VENV/bin/partyline"
}

# PyAudio comes last: nothing but the microphone of this very machine depends on it.
install_microphone() {
    local missing page=$VENV/.requirements-pyaudio.txt
    rm -f -- "$VENV/.without-microphone"
    missing=$(missing_build_tools "$VENV_PYTHON")
    requirements_for only >"$page"
    pip_install --no-deps --no-build-isolation -r "$page" >"$VENV/.pyaudio.log" 2>&1 && return
    if [[ -n $missing ]]; then
        : >"$VENV/.without-microphone"
        say "the microphone of this machine cannot be used: PyAudio needs the system packages $missing"
    else
        say "the microphone of this machine cannot be used: PyAudio did not build ($VENV/.pyaudio.log)"
    fi
}

# set_up STAMP [FURTHER REQUIREMENT PAGE...]
set_up() {
    local stamp=$1 page pages=()
    shift
    warn_of_platform
    require_python
    prepare_libraries
    prepare_build_tools
    make_venv
    for page in "$@"; do pages+=(-r "$ROOT/$page"); done
    install_requirements "${pages[@]}"
    install_microphone
    compile_packages
    rm -f -- "$VENV/.installing"
    # Whoever has the tests' packages has those of the application, too.
    fingerprint >"$VENV/.ready-runtime"
    [[ $stamp == .ready-runtime ]] || fingerprint "$@" >"$VENV/$stamp"
    say "set-up is done"
}

# Two set-ups at once wait for each other; the second finds everything in place.
set_up_once() {
    is_ready "$@" && return
    [[ -w $ROOT ]] || die "$ROOT has to be set up first by a user who may write to it: bin/run does"
    (
        flock --nonblock 9 || {
            say "another set-up is running: waiting for it"
            flock 9
        }
        is_ready "$@" || set_up "$@"
    ) 9>"$ROOT/.setup.lock"
}

setup_runtime() { set_up_once .ready-runtime; }

setup_tests() { set_up_once .ready-tests requirements-dev.txt; }

# ---------------------------------------------------------------- one step at a time

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    case ${1:-} in
    libraries) prepare_libraries ;;
    build-tools) require_python && prepare_build_tools ;;
    runtime) setup_runtime ;;
    tests) setup_tests ;;
    *) die "usage: bash bin/_setup.sh libraries|build-tools|runtime|tests" ;;
    esac
fi
