"""Shared libraries that must travel with our programs, because the other machine has only Python's PyTorch.

LibTorch is not among them, nor the C runtime: that machine's own are taken. GDAL and GDCM, which Debian's OpenCV is linked
with for formats that mixmim does not read, are 150 MB with all they need; small stand-ins of the same names travel instead.
"""
import pathlib
import re
import shutil
import subprocess

THERE = re.compile(r"(libc|libm|libdl|libpthread|librt|libresolv|libstdc\+\+|libgcc_s)\.so|ld-linux|libtorch|libc10|libcudart|libnccl")
OURS = re.compile(r"libopencv_mixmim")
STOOD_IN = re.compile(r"lib(gdal|gdcm\w*)\.so")


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def dynamic(file, tag):
    """The names that a tag of the dynamic section lists: NEEDED, SONAME."""
    return re.findall(rf"\({tag}\).*\[(.*)\]", output_of("readelf", "-d", file))


def places():
    """Where this system's loader finds every library: name -> path."""
    lines = re.findall(r"^\s*(\S+) .* => (\S+)$", output_of("ldconfig", "-p"), re.MULTILINE)
    return {name: pathlib.Path(path) for name, path in reversed(lines)}  # the first of a name counts


def copy_needed(files, folder):
    """Copies what `files` need, and what that needs, into `folder`. Returns {library stood in for: files that need it}."""
    known, todo, seen, stood_in = places(), list(files), set(), {}
    while todo:
        file = todo.pop()
        for name in dynamic(file, "NEEDED"):
            if STOOD_IN.match(name):
                stood_in.setdefault(known[name], []).append(file)
            elif name not in seen and not THERE.match(name) and not OURS.match(name):
                if name not in known:
                    raise SystemExit(f"pack.py: {name}, which {file} needs, was not found; expected one that ldconfig -p lists")
                seen.add(name)
                shutil.copy(known[name], folder / name)
                todo.append(folder / name)
    return stood_in


def symbols(file, which):
    lines = output_of("nm", "-D", f"--{which}-only", file).splitlines()
    return {line.split()[-1].split("@")[0] for line in lines}


def write_stand_in(library, users, folder):
    """A library of the same name with the functions that `users` take from it, because they are linked so that every symbol
    must be there at the start. Those of C return 0, since GDALAllRegister is called at the first picture; those of C++ abort."""
    taken = set().union(*(symbols(user, "undefined") for user in users)) & symbols(library, "defined")
    bodies = (f"void {name}(void) {{ abort(); }}" if name.startswith("_Z") else f"void* {name}(void) {{ return 0; }}"
              for name in sorted(taken))
    name = dynamic(library, "SONAME")[0]
    subprocess.run(["gcc", "-w", "-shared", "-fPIC", "-O1", "-x", "c", "-", f"-Wl,-soname,{name}", "-o", folder / name],
                   check=True, text=True, input="\n".join(["#include <stdlib.h>", *bodies, ""]))
