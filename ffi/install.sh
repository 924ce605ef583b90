#!/bin/sh
# Installs the C and Fortran interfaces: ffi/install.sh FOLDER-OF-BUILT-LIBRARIES PREFIX
#   PREFIX/include                headers
#   PREFIX/lib                    libterrella.so with its soname, libterrella.a
#   PREFIX/lib/pkgconfig          terrella.pc
#   PREFIX/lib/cmake/terrella     find_package(terrella): targets terrella::terrella and terrella::static
#   PREFIX/share/terrella/fortran terrella.f90, to be compiled with the program: compilers' module files differ
# DESTDIR is put in front of every path, LIBDIR (lib) may be another folder's name.
set -eu

[ $# = 2 ] || { echo "usage: $0 FOLDER-OF-BUILT-LIBRARIES PREFIX" >&2; exit 2; }
built=$1
prefix=$2
here=$(cd "$(dirname "$0")" && pwd)
libdir=${LIBDIR:-lib}
case $prefix in
/*) ;;
*) echo "install: PREFIX is '$prefix': expected an absolute path" >&2; exit 2 ;;
esac
root=${DESTDIR:-}$prefix

version=$(sed -n 's/^#define TERRELLA_VERSION "\(.*\)"/\1/p' "$here/include/terrella.h")
major=${version%%.*}
minor=${version#*.}
minor=${minor%%.*}
# Before 1.0 every minor version may change the interface; build.rs gives the library the same soname.
if [ "$major" = 0 ]; then interface=$major.$minor; else interface=$major; fi

for library in libterrella.so libterrella.a; do
    [ -f "$built/$library" ] || { echo "install: '$built/$library' is missing: build terrella-ffi first" >&2; exit 1; }
done

fill() { # TEMPLATE DESTINATION
    sed -e "s|@PREFIX@|$prefix|g" -e "s|@LIBDIR@|$libdir|g" -e "s|@VERSION@|$version|g" \
        -e "s|@INTERFACE@|$interface|g" "$1" >"$2"
    chmod 644 "$2"
}

install -d "$root/include/ectrans" "$root/$libdir/pkgconfig" "$root/$libdir/cmake/terrella" "$root/share/terrella/fortran"
install -m 644 "$here/include/terrella.h" "$root/include"
install -m 644 "$here/include/ectrans/transi.h" "$here/include/ectrans/version.h" "$root/include/ectrans"
install -m 644 "$here/fortran/terrella.f90" "$root/share/terrella/fortran"
install -m 644 "$built/libterrella.a" "$root/$libdir"
install -m 755 "$built/libterrella.so" "$root/$libdir/libterrella.so.$version"
# Debugging information is most of the libraries' size.
if command -v strip >/dev/null 2>&1; then
    strip -g "$root/$libdir/libterrella.a" "$root/$libdir/libterrella.so.$version"
fi
ln -sf "libterrella.so.$version" "$root/$libdir/libterrella.so.$interface"
ln -sf "libterrella.so.$version" "$root/$libdir/libterrella.so"
fill "$here/terrella.pc.in" "$root/$libdir/pkgconfig/terrella.pc"
fill "$here/cmake/terrella-config.cmake.in" "$root/$libdir/cmake/terrella/terrella-config.cmake"
fill "$here/cmake/terrella-config-version.cmake.in" "$root/$libdir/cmake/terrella/terrella-config-version.cmake"
echo "install: terrella $version in $root"
