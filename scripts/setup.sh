#!/bin/sh
# Installs what a make target needs and is not there yet: scripts/setup.sh NEED...
#   rust     cargo and rustc, at least the workspace's rust-version
#   grib     ecCodes (reads and writes GRIB; loaded at run time)
#   hdf5     libhdf5 (NetCDF-4; loaded at run time), and ncdump for the tests of its files
#   vulkan   a Vulkan loader and Mesa's software device, for the GPU tests
#   compiler a C++ compiler, which runs the CUDA text on the host
#   fortran  gfortran and pkg-config, for the tests of the C and Fortran interfaces
#   nvrtc    NVIDIA's run-time compiler from PyPI, in target/python (checks the CUDA text; needs no GPU)
#   fdb      ECMWF's FDB (loaded at run time), for its tests
#   mpi      an MPI library and its launcher (loaded at run time), for the tests of ranks, and its header, for those of C programs with tasks
#   nats     a NATS server, for the tests of streams on one
#   fuzz     cargo-fuzz, in target/fuzz-tools
#   neon     a linker and an emulator for 64-bit Arm, and Rust's standard library there (by rustup)
#   python   python3 with pip and venv; NumPy and setuptools from PyPI, in target/python (the Python package)
#   zarr     Zarr's Python package from PyPI, in target/python, which reads and writes stores for tests
#   peers    the libraries that benchmarks compare with, from PyPI, in target/python
# On Debian and Ubuntu by apt, as root or with sudo; elsewhere it says what to install and stops.
set -eu
cd "$(dirname "$0")/.."

rust_version=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

apt_updated=no
apt_install() { # WHAT-FOR PACKAGE...
    purpose=$1
    shift
    if ! command -v apt-get >/dev/null 2>&1; then
        fail "$purpose is missing and this is no Debian or Ubuntu: install what Debian calls: $*"
    fi
    if [ "$(id -u)" = 0 ]; then
        as_root=""
    elif command -v sudo >/dev/null 2>&1; then
        as_root=sudo
    else
        fail "$purpose is missing; as root, run: apt-get install $*"
    fi
    say "installing $* ($purpose)"
    if [ "$apt_updated" = no ]; then
        $as_root apt-get update -qq >&2
        apt_updated=yes
    fi
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >&2 ||
        fail "apt-get could not install $* ($purpose)"
}

rust_is_recent() {
    command -v cargo >/dev/null 2>&1 || return 1
    command -v rustc >/dev/null 2>&1 || return 1
    have=$(rustc --version | sed 's/^rustc \([0-9.]*\).*/\1/')
    [ "$(printf '%s\n%s\n' "$rust_version" "$have" | sort -V | head -n 1)" = "$rust_version" ]
}

need_rust() {
    if ! rust_is_recent; then
        # Debian 12 carries a current compiler for its browser under this name; others come through rustup.
        if command -v apt-cache >/dev/null 2>&1; then
            apt_install "Rust" gcc libc6-dev ca-certificates
            if apt-cache show rustc-web >/dev/null 2>&1; then
                apt_install "Rust" rustc-web cargo-web
            elif apt-cache show rustup >/dev/null 2>&1; then
                apt_install "Rust" rustup
                rustup default stable >&2
            fi
        fi
        rust_is_recent || fail "Rust $rust_version or newer is needed: see https://rustup.rs, then run this again"
    fi
    command -v cc >/dev/null 2>&1 || apt_install "a linker" gcc libc6-dev
}

has_library() { # libNAME.so.N
    ldconfig -p 2>/dev/null | grep -q "$1" || /sbin/ldconfig -p 2>/dev/null | grep -q "$1"
}

need_grib() {
    has_library libeccodes.so || [ -n "${TERRELLA_ECCODES:-}" ] || apt_install "ecCodes" libeccodes0 libeccodes-data
    has_library libaec.so.0 || [ -n "${TERRELLA_LIBAEC:-}" ] || apt_install "libaec" libaec0
}

need_hdf5() {
    if ! has_library libhdf5_serial.so && [ -z "${TERRELLA_HDF5:-}" ]; then
        # The package's name carries the library's version: Debian 12, then newer ones.
        package=libhdf5-103-1
        for name in libhdf5-103-1 libhdf5-103-1t64 libhdf5-310 libhdf5-103; do
            if apt-cache show "$name" >/dev/null 2>&1; then
                package=$name
                break
            fi
        done
        apt_install "HDF5" "$package"
    fi
    command -v ncdump >/dev/null 2>&1 || apt_install "ncdump" netcdf-bin
}

need_vulkan() {
    has_library libvulkan.so.1 && ls /usr/share/vulkan/icd.d/lvp_icd*.json >/dev/null 2>&1 && return
    apt_install "the software Vulkan device" libvulkan1 mesa-vulkan-drivers
}

need_compiler() {
    command -v c++ >/dev/null 2>&1 || apt_install "a C++ compiler" g++
}

need_fortran() {
    command -v gfortran >/dev/null 2>&1 || apt_install "a Fortran compiler" gfortran
    command -v pkg-config >/dev/null 2>&1 || apt_install "pkg-config" pkg-config
}

need_fdb() {
    has_library libfdb5.so || [ -n "${TERRELLA_FDB:-}" ] || apt_install "FDB" libfdb5-0d
}

has_mpi_header() {
    printf '#include <mpi.h>\n' | mpicc -x c -fsyntax-only - >/dev/null 2>&1
}

need_mpi() {
    command -v mpirun >/dev/null 2>&1 && has_mpi_header &&
        { has_library libmpi.so || has_library libmpich.so || [ -n "${TERRELLA_MPI:-}" ]; } && return
    apt_install "MPI" libopenmpi-dev openmpi-bin
}

need_nats() {
    [ -n "${TERRELLA_NATS_SERVER:-}" ] && return
    for place in /usr/sbin /usr/bin /usr/local/bin; do
        [ -x "$place/nats-server" ] && return
    done
    apt_install "the NATS server" nats-server
}

python_package() { # WHAT-FOR PATTERN-IN-SITE-PACKAGES REQUIREMENT...
    site=target/python
    purpose=$1
    for present in "$site"/$2; do
        [ -e "$present" ] && return
    done
    shift 2
    python3 -m pip --version >/dev/null 2>&1 || apt_install "pip" python3-pip
    say "fetching $1 from PyPI into $site ($purpose)"
    python3 -m pip install --quiet --disable-pip-version-check --no-warn-script-location --root-user-action=ignore \
        --target "$site" --upgrade "$@" >&2 || fail "pip could not fetch $1 ($purpose)"
}

need_nvrtc() {
    [ -n "${TERRELLA_NVRTC:-}" ] || python_package "the CUDA run-time compiler" nvidia/cuda_nvrtc "nvidia-cuda-nvrtc-cu12==12.8.*"
}

need_zarr() {
    # NumPy as for the Python package, whichever comes first.
    python_package "the peer of Zarr stores" zarr "zarr>=3.1,<4" "numpy>=2,<3"
}

need_python() {
    python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || apt_install "Python" python3 python3-venv
    python_package "the Python package" numpy "numpy>=2,<3"
    python_package "the Python package's wheel" setuptools "setuptools>=77"
}

need_fuzz() {
    command -v cargo-fuzz >/dev/null 2>&1 || [ -x target/fuzz-tools/bin/cargo-fuzz ] && return
    command -v c++ >/dev/null 2>&1 || apt_install "a C++ compiler for libFuzzer" g++
    say "building cargo-fuzz from crates.io into target/fuzz-tools"
    cargo install --quiet --locked --version 0.13.2 --root target/fuzz-tools cargo-fuzz >&2 || fail "cargo-fuzz could not be built"
}

need_neon() {
    if ! command -v aarch64-linux-gnu-gcc >/dev/null 2>&1 || ! command -v qemu-aarch64 >/dev/null 2>&1; then
        apt_install "a linker and an emulator for Arm" gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
    fi
    [ -d "$(rustc --print target-libdir --target aarch64-unknown-linux-gnu)" ] && return
    command -v rustup >/dev/null 2>&1 || fail "Rust's standard library for aarch64-unknown-linux-gnu is missing, and rustup, which installs it"
    rustup target add aarch64-unknown-linux-gnu >&2 || fail "rustup could not install the standard library for Arm"
}

need_peers() {
    python_package "benchmark peer" numpy "numpy>=2,<3"
    python_package "benchmark peer" scipy "scipy>=1.11,<2"
    python_package "benchmark peer" "ducc0-*" "ducc0>=0.38,<1"
    python_package "benchmark peer" "dinosaur_dycore-*" "dinosaur-dycore>=1.2,<2"
    # SHTns comes as source; its build takes this processor's instructions and OpenMP by itself, and the system's FFTW.
    command -v cc >/dev/null 2>&1 || apt_install "a C compiler for SHTns" gcc libc6-dev
    command -v make >/dev/null 2>&1 || apt_install "make for SHTns" make
    printf '#include <fftw3.h>\n' | cc -E - >/dev/null 2>&1 || apt_install "FFTW for SHTns" libfftw3-dev
    python3 -c 'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null ||
        apt_install "Python's headers for SHTns" python3-dev
    python_package "benchmark peer" "shtns-*" "shtns>=3.7,<4"
}

for need in "$@"; do
    case $need in
    rust | grib | hdf5 | vulkan | compiler | fortran | nvrtc | fdb | mpi | nats | fuzz | neon | python | zarr | peers) "need_$need" ;;
    *) fail "unknown need '$need'" ;;
    esac
done
