"""Runs the benchmarks of Adjoint and of libtorch in turn and compares them.

Every round runs some benchmarks with one library, then with the other, then the bare products of
OpenBLAS that are their limit, on one thread and on two, and goes on to the next ones, so that what
disturbs the machine disturbs all. The table shows medians over the rounds: of the times, and of the
ratios within a round. Both libraries get the same number of threads, OpenBLAS included.
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
LIMIT = "sgemm_bench"
# So many benchmarks are run with one library, then with the other: a machine that others share is
# another one a minute later.
IN_TURN = 6
# Convolutions of so many GFLOP should gain from a second thread.
LARGE = 0.5
# Which bare product is the limit of which direction of which operation.
LIMIT_OF = {
    ("conv2d", "forward"): "forward",
    ("conv2d", "input_grad"): "transposed",
    ("conv2d", "weight_grad"): "weight",
    ("conv_transpose2d", "forward"): "transposed",
    ("conv_transpose2d", "input_grad"): "forward",
    ("conv_transpose2d", "weight_grad"): "weight",
}
# The shapes of the autoencoder's layers: three convolutions, then their adjoints.
LAYERS = ["N128_1to16_k3s2_at28", "N128_16to32_k3s2_at14", "N128_32to64_k7_at7"]


def products(name):
    """The bare products whose times add up to the limit of a benchmark: rows of LIMIT, or none."""
    kind, *parts = name.split("/")
    if kind == "matmul":
        return [f"sgemm/{name}"]
    if kind in ("training_step", "inference"):
        forward, transposed, weight = ([f"sgemm/{shape}/{which}/{parts[0]}" for shape in LAYERS]
                                       for which in ("forward", "transposed", "weight"))
        if kind == "inference":
            return forward + transposed
        return 2 * (forward + weight) + transposed + transposed[1:]  # no gradient of the images
    which = LIMIT_OF.get((kind, parts[1])) if len(parts) == 3 else None
    return [f"sgemm/{parts[0]}/{which}/{parts[2]}"] if which else []


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
    return listed.split()


def rows_of(program, names, threads, args):
    """What one run finds: by benchmark, microseconds and GFLOP of those that count them; and the
    version of the library."""
    wanted = "|".join(map(re.escape, names))
    # Without some time to warm up, the first row of two threads is measured before the system has
    # spread libtorch's over the processors, at three to thirty times its time.
    done = json.loads(run(program, threads, f"--benchmark_filter=^({wanted})(/real_time)?$",
                          "--benchmark_format=json", f"--benchmark_min_time={args.min_time}",
                          f"--benchmark_min_warmup_time={args.min_time}"))
    unit = {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6}
    rows = {}
    for row in done["benchmarks"]:
        time = row["real_time"] * unit[row["time_unit"]]
        rows[row["name"].removesuffix("/real_time")] = (time, row.get("GFLOP/s", 0) * time * 1e-6)
    return rows, done["context"].get("library", "")


class Measurements:
    """Microseconds of every round: times[benchmark][library] has one of each; and the work of a
    benchmark in GFLOP."""

    def __init__(self):
        self.times = collections.defaultdict(lambda: collections.defaultdict(list))
        self.work = {}
        self.versions = {}

    def add(self, library, rows, version):
        for name, (time, work) in rows.items():
            self.times[name][library].append(time)
            self.work[name] = work
        if version:
            self.versions[library] = version

    def add_limits(self, names, rows):
        for name in filter(products, names):
            self.times[name]["limit"].append(sum(rows[product][0] for product in products(name)))

    def medians(self):
        """{benchmark: {library: time}}"""
        return {name: {library: statistics.median(found) for library, found in by_library.items()}
                for name, by_library in self.times.items()}

    def ratio(self, a, b):
        """How much longer a takes than b, both (benchmark, library), or None."""
        a, b = (self.times.get(name, {}).get(library) for name, library in (a, b))
        return statistics.median(x / y for x, y in zip(a, b)) if a and b else None

    def speed(self, name):
        """How many times as fast as libtorch Adjoint is."""
        return self.ratio((name, "libtorch"), (name, "Adjoint"))

    def limit(self, name):
        """The speed of a benchmark beside that of the bare products behind it, or None."""
        return self.ratio((name, "limit"), (name, "Adjoint"))

    def scaling(self, name, of="Adjoint"):
        """What a second thread gains a large convolution, or the bare products behind it; or None."""
        if not name.endswith("/2") or self.work.get(name, 0) < LARGE:
            return None
        return self.ratio((name.removesuffix("2") + "1", of), (name, of))


def measure(args):
    twins = [[(library, args.folder / (name + suffix)) for library, suffix in LIBRARIES.items()]
             for name in TWINS]
    limit = args.folder / LIMIT
    missing = [path.name for _, path in [*sum(twins, []), ("limit", limit)] if not path.exists()]
    if missing:
        print(f"not built, so not compared: {', '.join(missing)}", file=sys.stderr)
    found = Measurements()
    for round_number in range(args.rounds):
        print(f"round {round_number + 1} of {args.rounds}", file=sys.stderr)
        for twin in twins:
            names = {threads: names_of(twin[0][1], threads, args) for threads in args.threads}
            # Each library begins as often as the other.
            in_turn = [one for one in twin if one[1].exists()][::-1 if round_number % 2 else 1]
            for first in range(0, max(map(len, names.values())), IN_TURN):
                for threads in args.threads:
                    part = names[threads][first:first + IN_TURN]
                    part = [name.removesuffix("/real_time") for name in part]
                    for library, path in in_turn if part else ():
                        found.add(library, *rows_of(path, part, threads, args))
                    behind = sorted(set(sum(map(products, part), [])))
                    if behind and limit.exists():
                        found.add_limits(part, rows_of(limit, behind, threads, args)[0])
    return found


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


def shown(time):
    for unit, size in (("s", 1e6), ("ms", 1e3), ("µs", 1)):
        if time >= size:
            return f"{time / size:.3g} {unit}"
    return f"{time * 1e3:.0f} ns"


def geometric_mean(values):
    return math.exp(statistics.fmean(map(math.log, values)))


def table(found):
    """The comparison as lines of Markdown."""
    lines = ["| benchmark / threads | Adjoint | libtorch | times as fast | of the limit | 1 to 2 threads |",
             "|---|---:|---:|---:|---:|---:|"]
    for name, by_library in sorted(found.medians().items(), key=lambda row: threads_of(row[0])):
        if "Adjoint" not in by_library:
            continue
        ours, theirs = by_library["Adjoint"], by_library.get("libtorch")
        limit, scaling, machine = found.limit(name), found.scaling(name), found.scaling(name, "limit")
        lines.append(f"| {name} | {shown(ours)} | {shown(theirs) if theirs else '-'} | "
                     f"{f'{found.speed(name):.2f}' if theirs else '-'} | "
                     f"{f'{limit:.0%}' if limit else ''} | {f'{scaling:.2f}' if scaling else ''}"
                     f"{f' ({machine:.2f})' if machine else ''} |")
    return lines


def threads_of(name):
    """The threads in a benchmark's name: the last number of a convolution's, the first of others'."""
    numbers = [part for part in name.split("/") if part.isdigit()]
    return int(numbers[-1] if name.startswith("conv") else numbers[0])


def summary(found):
    """Geometric means over the convolution's shapes, and what a second thread gains, as text."""
    groups = collections.defaultdict(list)
    for name in found.times:
        parts = name.split("/")
        if parts[0] in ("conv2d", "conv_transpose2d") and found.speed(name):
            groups[parts[0], parts[-1]].append(found.speed(name))
    lines = [f"- {operation}, {threads} thread{'s' * (threads != '1')}: {geometric_mean(ratios):.2f} times as fast in the "
             f"geometric mean, {min(ratios):.2f} at the least, {max(ratios):.2f} at the most"
             for (operation, threads), ratios in sorted(groups.items())]
    for of, whose in (("Adjoint", "convolutions"), ("limit", "the bare products behind them")):
        gains = [gain for name in found.times if (gain := found.scaling(name, of))]
        if gains:
            lines.append(f"- {whose}, of {LARGE} GFLOP and more, 2 threads: {statistics.median(gains):.2f} times as fast as 1 "
                         f"in the median, {min(gains):.2f} at the least ({len(gains)} rows)")
    return lines


def picture(found, path):
    """Bars of the training step, and for every shape the ratio to libtorch."""
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    medians = found.medians()
    if not any(name.split("/")[0] in ("training_step", "conv2d") for name in medians):
        return  # none of them was asked for
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), width_ratios=[1, 2.2])
    rows = [(name.replace("_", " ").replace("/", ", ") + (" thread" if name.endswith("/1") else " threads"), m)
            for name, m in medians.items()
            if name.split("/")[0] in ("training_step", "inference") and LIBRARIES.keys() <= m.keys()]
    for i, (_, m) in enumerate(rows):
        for library, offset, colour in (("Adjoint", -0.2, "#c8553d"), ("libtorch", 0.2, "#9aa5b1")):
            left.barh(i + offset, m[library] / 1e3, 0.38, color=colour,
                      label=library if i == 0 else None)
            beside = max(m[library], m.get("limit", 0) if library == "Adjoint" else 0)
            left.text(beside / 1e3, i + offset, f" {m[library] / 1e3:.3g}", va="center", fontsize=8)
        if "limit" in m:
            left.plot([m["limit"] / 1e3] * 2, [i - 0.42, i + 0.02], color="black", linewidth=1.5,
                      label="bare products" if i == 0 else None)
    left.set_yticks(range(len(rows)), [name for name, _ in rows])
    left.invert_yaxis()
    left.margins(x=0.3)  # room for the numbers beside the bars
    left.set_xlabel("ms a batch of 128 (less is better)")
    left.set_title("Autoencoder")
    left.legend(frameon=False, ncols=3, fontsize=8, loc="upper center", bbox_to_anchor=(0.4, -0.14))

    shapes = list(dict.fromkeys(n.split("/")[1] for n in medians if n.startswith("conv2d/")))
    most = max((int(n.split("/")[-1]) for n in medians if n.startswith("conv2d/")), default=1)
    marks = {"forward": "o", "input_grad": "^", "weight_grad": "s"}
    colours = {"conv2d": "#2f6690", "conv_transpose2d": "#c8553d"}
    for operation, shift in (("conv2d", -0.13), ("conv_transpose2d", 0.13)):
        for direction, mark in marks.items():
            points = [(speed, i + shift) for i, s in enumerate(shapes)
                      if (speed := found.speed(f"{operation}/{s}/{direction}/{most}"))]
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
    measured = {key.split("/")[0] for key in medians}
    plots = {name: plot for name, plot in plots.items() if name in measured}
    if not plots:  # none of them was asked for
        return
    figure, axes = plt.subplots(1, len(plots), figsize=(13, 3.4), squeeze=False)
    axes = axes[0]
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


def peer(found):
    """The name of what Adjoint is compared with."""
    return f"libtorch {found.versions['libtorch']}" if "libtorch" in found.versions else "libtorch"


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

    found = measure(args)
    memory = [f"- peak memory of the training benchmark, {library}: {size:.0f} MB"
              for library, size in peak_memory(args).items()]
    text = "\n".join([f"Measured beside {peer(found)} on: {machine()}; medians of {args.rounds} rounds.", "",
                      *summary(found), *memory, "", *table(found)])
    print(text)
    if args.out:
        page = args.out / "benchmarks.md"
        before = page.read_text().split("<!-- measured -->")[0] if page.exists() else ""
        page.write_text(f"{before}<!-- measured -->\n{text}\n")
        picture(found, args.out / "benchmarks.png")
        scaling_picture(found.medians(), args.out / "scaling.png")


main()
