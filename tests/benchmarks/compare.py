"""Runs the benchmarks of Adjoint and of libtorch in turn and compares them.

Every round runs some benchmarks with one library, then with the other, and goes on to the next ones,
so that what disturbs the machine disturbs both; the table shows medians over the rounds and the
ratios of these. Both get the same number of threads, OpenBLAS included.
"""

import argparse
import collections
import datetime
import json
import math
import os
import pathlib
import re
import statistics
import subprocess
import sys

LIBRARIES = {"Adjoint": "", "libtorch": "_libtorch"}
TWINS = ["training_bench", "conv_bench", "ops_bench", "scaling_bench"]
LIMIT = "conv_kernels_bench"
# So many benchmarks are run with one library, then with the other: a machine that others share is
# another one a minute later.
IN_TURN = 6
# Which bare product is the limit of which direction of which operation.
LIMIT_OF = {
    ("conv2d", "forward"): "forward",
    ("conv2d", "input_grad"): "transposed",
    ("conv2d", "weight_grad"): "weight",
    ("conv_transpose2d", "forward"): "transposed",
    ("conv_transpose2d", "input_grad"): "forward",
    ("conv_transpose2d", "weight_grad"): "weight",
}


def run(program, threads, *options):
    """What a benchmark program prints with these options."""
    env = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads))
    command = [program, *options]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
    return done.stdout


def names_of(program, threads, args):
    """The benchmarks of a program for so many threads, which are the first argument of a name."""
    if not program.exists():
        return []
    listed = run(program, threads, f"--benchmark_filter=({args.filter}).*/{threads}(/|$)",
                 "--benchmark_list_tests")
    return [name for name in listed.split() if program.name != LIMIT or "/sgemm/" in name]


def times_of(program, names, threads, args):
    """The times of one run in microseconds, by benchmark."""
    wanted = "|".join(map(re.escape, names))
    # Without some time to warm up, the first row of two threads is measured before the system has
    # spread libtorch's over the processors, at three to thirty times its time.
    done = run(program, threads, f"--benchmark_filter=^({wanted})$", "--benchmark_format=json",
               f"--benchmark_min_time={args.min_time}",
               f"--benchmark_min_warmup_time={args.min_time}")
    unit = {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6}
    return {row["name"].removesuffix("/real_time"): row["real_time"] * unit[row["time_unit"]]
            for row in json.loads(done)["benchmarks"]}


def measure(args):
    """Medians in microseconds: {benchmark: {library: time}}."""
    twins = [[(library, args.folder / (name + suffix)) for library, suffix in LIBRARIES.items()]
             for name in TWINS] + [[("limit", args.folder / LIMIT)]]
    missing = [path.name for twin in twins for _, path in twin if not path.exists()]
    if missing:
        print(f"not built, so not compared: {', '.join(missing)}", file=sys.stderr)
    times = collections.defaultdict(lambda: collections.defaultdict(list))
    for round_number in range(args.rounds):
        for threads in args.threads:
            print(f"round {round_number + 1} of {args.rounds}, {threads} threads", file=sys.stderr)
            for twin in twins:
                names = names_of(twin[0][1], threads, args)
                for first in range(0, len(names), IN_TURN):
                    # Each library begins as often as the other.
                    for library, path in twin if round_number % 2 == 0 else reversed(twin):
                        if path.exists():
                            found = times_of(path, names[first:first + IN_TURN], threads, args)
                            for name, time in found.items():
                                times[name][library].append(time)
    return {name: {library: statistics.median(found) for library, found in by_library.items()}
            for name, by_library in times.items()}


def peak_memory(args):
    """The most memory that some steps of the autoencoder's training take, in MB: {library: size}."""
    peaks = {}
    for library, suffix in LIBRARIES.items():
        path = args.folder / ("training_bench" + suffix)
        if path.exists():
            process = subprocess.Popen([path, "--benchmark_filter=training_step/1"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            peaks[library] = os.wait4(process.pid, 0)[2].ru_maxrss / 1024
    return peaks


def limit_of(name, medians):
    """The time of the bare products behind a convolution, or None."""
    parts = name.split("/")
    if len(parts) != 4 or (parts[0], parts[2]) not in LIMIT_OF:
        return None
    limit = medians.get(f"{parts[1]}/{LIMIT_OF[parts[0], parts[2]]}/sgemm/{parts[3]}", {})
    return limit.get("limit")


def shown(time):
    for unit, size in (("s", 1e6), ("ms", 1e3), ("µs", 1)):
        if time >= size:
            return f"{time / size:.3g} {unit}"
    return f"{time * 1e3:.0f} ns"


def geometric_mean(values):
    return math.exp(statistics.fmean(map(math.log, values)))


def table(medians):
    """The comparison as lines of Markdown."""
    lines = ["| benchmark / threads | Adjoint | libtorch | times as fast | of the limit |",
             "|---|---:|---:|---:|---:|"]
    for name, by_library in medians.items():
        if "Adjoint" not in by_library:
            continue
        ours, theirs = by_library["Adjoint"], by_library.get("libtorch")
        limit = limit_of(name, medians)
        lines.append(f"| {name} | {shown(ours)} | {shown(theirs) if theirs else '-'} | "
                     f"{f'{theirs / ours:.2f}' if theirs else '-'} | "
                     f"{f'{limit / ours:.0%}' if limit else ''} |")
    return lines


def summary(medians):
    """Geometric means over the convolution's shapes, as lines of text."""
    groups = collections.defaultdict(list)
    for name, by_library in medians.items():
        parts = name.split("/")
        if parts[0] in ("conv2d", "conv_transpose2d") and len(by_library) == 2:
            groups[parts[0], parts[-1]].append(by_library["libtorch"] / by_library["Adjoint"])
    return [f"- {operation}, {threads} thread{'s' * (threads != '1')}: {geometric_mean(ratios):.2f} times as fast in the "
            f"geometric mean, {min(ratios):.2f} at the least, {max(ratios):.2f} at the most"
            for (operation, threads), ratios in sorted(groups.items())]


def picture(medians, path):
    """Bars of the training step, and for every shape the ratio to libtorch."""
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), width_ratios=[1, 2.2])
    rows = [(name.replace("_", " ").replace("/", ", ") + (" thread" if name.endswith("/1") else " threads"), m)
            for name, m in medians.items()
            if name.split("/")[0] in ("training_step", "inference") and len(m) == 2]
    for i, (_, m) in enumerate(rows):
        for library, offset, colour in (("Adjoint", -0.2, "#c8553d"), ("libtorch", 0.2, "#9aa5b1")):
            left.barh(i + offset, m[library] / 1e3, 0.38, color=colour,
                      label=library if i == 0 else None)
            left.text(m[library] / 1e3, i + offset, f" {m[library] / 1e3:.3g}", va="center", fontsize=8)
    left.set_yticks(range(len(rows)), [name for name, _ in rows])
    left.invert_yaxis()
    left.margins(x=0.3)  # room for the numbers beside the bars
    left.set_xlabel("ms a batch of 128 (less is better)")
    left.set_title("Autoencoder")
    left.legend(frameon=False, ncols=2, loc="upper center", bbox_to_anchor=(0.4, -0.14))

    shapes = list(dict.fromkeys(n.split("/")[1] for n in medians if n.startswith("conv2d/")))
    most = max((int(n.split("/")[-1]) for n in medians if n.startswith("conv2d/")), default=1)
    marks = {"forward": "o", "input_grad": "^", "weight_grad": "s"}
    colours = {"conv2d": "#2f6690", "conv_transpose2d": "#c8553d"}
    for operation, shift in (("conv2d", -0.13), ("conv_transpose2d", 0.13)):
        for direction, mark in marks.items():
            points = [(medians[key]["libtorch"] / medians[key]["Adjoint"], i + shift)
                      for i, s in enumerate(shapes)
                      if len(medians.get(key := f"{operation}/{s}/{direction}/{most}", {})) == 2]
            if points:
                right.scatter(*zip(*points), marker=mark, s=28, color=colours[operation],
                              label=f"{operation}, {direction.replace('_', ' ')}")
    right.axvline(1, color="#555555", linewidth=1)
    right.set_xscale("log")
    ticks = [0.5, 1, 2, 5, 10, 20, 50, 100]
    right.set_xticks(ticks, [f"{t:g}" for t in ticks])
    right.minorticks_off()
    right.set_yticks(range(len(shapes)), [s.replace("_", " ") for s in shapes])
    right.invert_yaxis()
    right.grid(axis="x", color="#e5e5e5")
    right.set_axisbelow(True)
    right.set_xlabel(f"times libtorch's speed (more is better), {most} threads")
    right.set_title("Convolutions")
    right.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def scaling_picture(medians, path):
    """Time for a unit of work against the size of the work."""
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    # The work that a size stands for, in units such that large sizes of all are a few ns.
    plots = {"scaling_batch": ("conv2d, batch", lambda n: n * 16 * 16 * 9 * 14 * 14 * 3e-3),
             "scaling_channels": ("conv2d, channels", lambda n: 4 * n * n * 9 * 14 * 14 * 3e-3),
             "scaling_width": ("conv2d, width of the image", lambda n: 8 * 8 * 9 * n * n * 3e-3),
             "graph": ("graph, operations", lambda n: n)}
    figure, axes = plt.subplots(1, len(plots), figsize=(13, 3.4))
    for axis, (name, (title, work)) in zip(axes, plots.items()):
        for library, colour in (("Adjoint", "#c8553d"), ("libtorch", "#9aa5b1")):
            points = sorted((int(key.split("/")[2]), by_library[library])
                            for key, by_library in medians.items()
                            if key.startswith(name + "/1/") and library in by_library)
            axis.plot([n for n, _ in points], [time * 1e3 / work(n) for n, time in points], "o-",
                      color=colour, label=library, markersize=3)
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_title(title, fontsize=10)
        axis.grid(color="#e5e5e5")
        axis.set_ylabel("ns an operation" if name == "graph" else "ns for 1000 multiply-adds", fontsize=8)
    axes[0].legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def machine():
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    core = os.environ.get("OPENBLAS_CORETYPE")
    return (f"{cpu.group(1) if cpu else 'unknown processor'}, {os.cpu_count()} cores, "
            f"{datetime.date.today()}" + (f", OpenBLAS held to its {core} kernels" if core else ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="where the benchmark programs are")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, action="append", help="default: 1 and 2")
    parser.add_argument("--filter", default="", help="only benchmarks whose name matches")
    parser.add_argument("--min-time", type=float, default=0.05, help="seconds a benchmark and round")
    parser.add_argument("--out", type=pathlib.Path, help="folder for benchmarks.md and benchmarks.png")
    args = parser.parse_args()
    args.threads = args.threads or [1, 2]
    if args.out:  # before the measurement, in case it cannot be made
        args.out.mkdir(parents=True, exist_ok=True)

    medians = measure(args)
    memory = [f"- peak memory of the training benchmark, {library}: {size:.0f} MB"
              for library, size in peak_memory(args).items()]
    text = "\n".join([f"Measured on: {machine()}; medians of {args.rounds} rounds.", "",
                      *summary(medians), *memory, "", *table(medians)])
    print(text)
    if args.out:
        page = args.out / "benchmarks.md"
        before = page.read_text().split("<!-- measured -->")[0] if page.exists() else ""
        page.write_text(f"{before}<!-- measured -->\n{text}\n")
        picture(medians, args.out / "benchmarks.png")
        scaling_picture(medians, args.out / "scaling.png")


main()
