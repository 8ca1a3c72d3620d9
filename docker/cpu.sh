# shellcheck shell=sh
# Machine code for a named processor, so that what was compiled with the image is valid where it
# runs: any x86 of the last ten years. On others Numba compiles for the one that is there.
if grep -qsw avx2 /proc/cpuinfo && grep -qsw fma /proc/cpuinfo; then
  export NUMBA_CPU_NAME=x86-64-v3 NUMBA_CPU_FEATURES=+avx2,+fma
fi
