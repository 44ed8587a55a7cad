#!/usr/bin/env python3
"""mmbench in this kernel and in Debian's Linux, in the same QEMU: compare.py KERNEL ARCHIVE MMBENCH FOLDER

Instructions on one CPU (QEMU counts them; two runs give the same), then time with 1, 2 and 4 CPUs. Writes to FOLDER:
instructions.csv, times.csv, instructions.svg (with gnuplot) and comparison.txt, which is also printed.
In the environment: LINUX, the package that Linux is taken from (linux-image-amd64); TIMES=0, instructions only.
"""
import csv
import glob
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import figures  # noqa: E402

CPUS = (1, 2, 4)
SCALED = ("mmap", "mmap_pf", "pf", "unmap_virt", "unmap")


def fetch_linux(folder, package):
    """Debian's kernel: the file vmlinuz and its version. Downloaded once."""
    place = os.path.join(folder, package)
    found = glob.glob(place + "/boot/vmlinuz-*")
    if not found:
        listed = subprocess.run(["apt-cache", "depends", package], capture_output=True, text=True, check=False).stdout
        names = [line.split()[1] for line in listed.splitlines() if line.strip().startswith("Depends: linux-image-")]
        if not names:
            raise SystemExit("compare: apt knows no package %s of Linux (apt-get update may help)" % package)
        print("compare: fetching %s" % names[0], file=sys.stderr, flush=True)
        os.makedirs(place, exist_ok=True)
        subprocess.run(["apt-get", "download", "-o", "APT::Sandbox::User=root", names[0]], cwd=place, check=True,
                       stdout=sys.stderr)
        # Only the kernel itself: its modules are ten times as large.
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", glob.glob(place + "/*.deb")[-1]],
                              stdout=subprocess.PIPE) as package_file:
            subprocess.run(["tar", "-x", "-C", place, "--wildcards", "./boot/vmlinuz-*"], stdin=package_file.stdout,
                           check=True)
        found = glob.glob(place + "/boot/vmlinuz-*")
    return found[0], os.path.basename(found[0])[len("vmlinuz-"):]


def write_csv(path, head, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


def instructions(ours, theirs):
    """[(row, here, Linux, ratio, to reach)]"""
    return [(name, round(ours[name][3]), round(theirs[name][3]), round(ours[name][3] / theirs[name][3], 3), int(reach))
            for name, _, reach in figures.goals()]


def times(measured):
    """[(row, CPUs, ns here, ns Linux, throughput beside one CPU here, and in Linux)] by the median."""
    rows = []
    for row in SCALED:
        for cpus in CPUS:
            ns = [measured[kernel, cpus]["t%d.low.%s" % (cpus, row)][0] for kernel in ("here", "linux")]
            one = [measured[kernel, 1]["t1.low." + row][0] for kernel in ("here", "linux")]
            rows.append((row, cpus, round(ns[0]), round(ns[1])) +
                        tuple(round(cpus * one[i] / ns[i], 2) for i in range(2)))
    return rows


def in_words(version, counted, timed):
    lines = ["`make compare`: mmbench in vmspace and in Debian's Linux %s, the same QEMU." % version, "",
             "Instructions per operation, one CPU (-accel tcg,thread=single -icount shift=0,sleep=off -cpu max,-erms,-la57):",
             "", "%-26s %12s %12s %8s %10s" % ("operation", "here", "Linux", "ratio", "to reach")]
    for row in counted:
        lines.append("%-26s %12d %12d %8.2f %10d%s" % (row + (" reached" if row[1] <= row[4] else "",)))
    if timed:
        lines += ["", "Time, ns per operation and thread, each CPU on a range of its own (median of %d rounds). The host has %d "
                  "cores: more CPUs" % (figures.ROUNDS_TIMED, os.cpu_count()),
                  "than that share them. The last two columns: operations in all a second, beside those of one CPU.", "",
                  "%-12s %5s %12s %12s %10s %10s" % ("operation", "CPUs", "here", "Linux", "here x", "Linux x")]
        lines += ["%-12s %5d %12d %12d %10.2f %10.2f" % row for row in timed]
    return "\n".join(lines) + "\n"


PLOT = """set terminal svg size 1000,520 font "sans,11" background "white"
set output "{folder}/instructions.svg"
set datafile separator ","
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set boxwidth 0.9
set logscale y
set yrange [10:*]
set format y "%.0s%c"
set ylabel "instructions (logarithmic)"
set xtics rotate by -40 noenhanced scale 0
set grid ytics lc rgb "#dddddd"
set key top left
set title "Instructions per operation, the same program in the same QEMU: less is better"
plot "{folder}/instructions.csv" every ::1 using 2:xtic(1) title "vmspace" lc rgb "#2166ac", \\
     "" every ::1 using 3 title "Linux {version}" lc rgb "#b2182b", \\
     "" every ::1 using 5 title "to reach" lc rgb "#bbbbbb"
"""


def plot(folder, version):
    subprocess.run(["gnuplot"], input=PLOT.format(folder=folder, version=version), text=True, check=True)
    path = os.path.join(folder, "instructions.svg")
    with open(path) as file:
        lines = [line.rstrip() for line in file]
    with open(path, "w") as file:
        file.write("\n".join(lines) + "\n")


def main():
    kernel, archive, program, folder = sys.argv[1:5]
    os.makedirs(folder, exist_ok=True)
    vmlinuz, version = fetch_linux(os.path.join(folder, "linux"), os.environ.get("LINUX") or "linux-image-amd64")
    counted = instructions(figures.here(kernel, archive, program), figures.linux(vmlinuz, program))
    write_csv(os.path.join(folder, "instructions.csv"), ("operation", "here", "linux", "ratio", "to_reach"), counted)
    plot(folder, version)
    timed = []
    if os.environ.get("TIMES") != "0":
        measured = {}
        for cpus in CPUS:
            measured["here", cpus] = figures.here(kernel, archive, program, cpus)
            measured["linux", cpus] = figures.linux(vmlinuz, program, cpus)
        timed = times(measured)
        write_csv(os.path.join(folder, "times.csv"), ("operation", "cpus", "here_ns", "linux_ns", "here_x", "linux_x"), timed)
    text = in_words(version, counted, timed)
    with open(os.path.join(folder, "comparison.txt"), "w") as file:
        file.write(text)
    print(text, end="")
    print("compare: written to " + folder, file=sys.stderr)


main()
