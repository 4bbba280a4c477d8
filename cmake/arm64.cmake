# A toolchain: for arm64 on a machine of another kind, by Debian's cross compiler. deps/sysroot.py puts it into the folder
# that holds Debian's libraries and headers for arm64, and so it is found again by builds within builds.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_SYSROOT ${CMAKE_CURRENT_LIST_DIR})

# The compiler brings a glibc that misses Debian's fixes. The sysroot's comes before it: what is static has it inside.
set(CMAKE_EXE_LINKER_FLAGS_INIT -B${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu)
# Files are told by the names that they have on an arm64 machine.
add_compile_options(-ffile-prefix-map=${CMAKE_SYSROOT}=)

set(CMAKE_FIND_ROOT_PATH ${EIDER_AWSCRT_ROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
