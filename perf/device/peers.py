"""Times the sums over neighbours of PyTorch and PyTorch Geometric, C = A X with A of ones, on a graph folder.

    python3 peers.py GRAPH LINES [--quick] [--cpu]

GRAPH holds rowptr.i32, colidx.i32 and graph.json of org.sgquant.perf.workload.GraphFolder; a JSON line per
measurement is appended to LINES (org.sgquant.perf.device.Line). What is not installed, or does not fit, gives a line
that says so. Timed like our own kernels: warm-up, then samples of at least a millisecond between two events. --cpu is
for trying the program out on a machine without a GPU.
"""

import json
import math
import sys
import time
from pathlib import Path

try:
    import torch
except ImportError as error:
    torch = None
    torch_missing = str(error)

# Of a result's rows, relative to 1 + |expected|.
TOLERANCE = {"fp32": 1e-3, "fp16": 1e-2}


class Lines:
    """Appends lines to a file, and shows them."""

    def __init__(self, file):
        self.file = file

    def put(self, kind, by, **rest):
        line = json.dumps({"kind": kind, "by": by, **rest})
        print(line, flush=True)
        with open(self.file, "a", encoding="utf-8") as out:
            out.write(line + "\n")


class Sampler:
    """The sampling of org.sgquant.perf.device.Sampler: same warm-up, samples and limits."""

    def __init__(self, device, quick):
        self.device = device
        self.warm_up, self.samples, self.seconds = (2, 5, 0) if quick else (50, 200, 1)

    def milliseconds(self, call, calls):
        if self.device.type == "cpu":
            begin = time.perf_counter()
            for _ in range(calls):
                call()
            return (time.perf_counter() - begin) * 1e3
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        for _ in range(calls):
            call()
        end.record()
        end.synchronize()
        return start.elapsed_time(end)

    def measure(self, call):
        self.milliseconds(call, 2)
        once = spent = self.milliseconds(call, 1)
        for _ in range(3, self.warm_up):
            if spent >= self.seconds * 1e3 / 3:
                break
            once = min(once, self.milliseconds(call, 1))
            spent += once
        calls = min(max(math.ceil(1 / once), 1), 200, 4 * self.samples)
        times, spent = [], 0.0
        while len(times) < self.samples and (len(times) < 5 or spent < self.seconds * 1e3):
            sample = self.milliseconds(call, calls)
            times.append(sample / calls)
            spent += sample
        times.sort()
        n = len(times)
        return {
            "median": times[n // 2],
            "lowerQuartile": times[n // 4],
            "upperQuartile": times[n - 1 - n // 4],
            "samples": n,
            "callsPerSample": calls,
        }


class Graph:
    """A graph folder on the device."""

    def __init__(self, folder, device):
        header = json.loads((folder / "graph.json").read_text(encoding="utf-8"))
        self.name, self.nodes, self.edges = header["graph"], header["nodes"], header["edges"]
        self.widths = header["widths"]
        self.host_row_ptr = ints(folder / "rowptr.i32", self.nodes + 1)
        self.host_col_idx = ints(folder / "colidx.i32", self.edges)
        self.row_ptr, self.col_idx = self.host_row_ptr.to(device), self.host_col_idx.to(device)

    def rows(self):
        """The target of every edge, int64, as edge lists have it."""
        degrees = (self.row_ptr[1:] - self.row_ptr[:-1]).long()
        return torch.repeat_interleave(torch.arange(self.nodes, device=degrees.device), degrees)

    def ones(self, x):
        values = torch.ones(self.edges, dtype=x.dtype, device=x.device)
        return torch.sparse_csr_tensor(self.row_ptr, self.col_idx, values, (self.nodes, self.nodes))


def ints(file, size):
    if size == 0:
        return torch.zeros(0, dtype=torch.int32)
    return torch.from_file(str(file), size=size, dtype=torch.int32)


def torch_csr(graph, x):
    a = graph.ones(x)
    return lambda: a @ x


def pyg_edge_index(graph, x):
    from torch_geometric import EdgeIndex

    pairs = torch.stack([graph.rows(), graph.col_idx.long()])
    edges = EdgeIndex(pairs, sparse_size=(graph.nodes, graph.nodes), sort_order="row")
    edges.fill_cache_()
    return lambda: edges.matmul(x)


def pyg_scatter(graph, x):
    """What a message passing layer does with an edge list: gathers every message, then adds them up."""
    from torch_geometric.utils import scatter

    targets, sources = graph.rows(), graph.col_idx.long()
    return lambda: scatter(x.index_select(0, sources), targets, dim=0, dim_size=graph.nodes, reduce="sum")


def torch_sparse_csr(graph, x):
    from torch_sparse import SparseTensor

    sizes = (graph.nodes, graph.nodes)
    row_ptr, col_idx = graph.row_ptr.long(), graph.col_idx.long()
    a = SparseTensor(rowptr=row_ptr, col=col_idx, sparse_sizes=sizes, is_sorted=True)
    return lambda: a.matmul(x)


PEERS = [
    ("torch CSR", torch_csr, ["fp32", "fp16"]),
    ("PyG EdgeIndex", pyg_edge_index, ["fp32"]),
    ("PyG torch_sparse", torch_sparse_csr, ["fp32"]),
    ("PyG scatter", pyg_scatter, ["fp32"]),
]


def worst_error(graph, x, result, kind):
    """Largest error of some rows: the first, the longest, and some between."""
    degrees = graph.host_row_ptr[1:] - graph.host_row_ptr[:-1]
    rows = [0, int(torch.argmax(degrees))] + [graph.nodes * i // 24 for i in range(1, 24)]
    worst = 0.0
    for row in rows:
        begin, end = int(graph.host_row_ptr[row]), int(graph.host_row_ptr[row + 1])
        sources = graph.host_col_idx[begin:end].long().to(x.device)
        expected = x.index_select(0, sources).double().sum(0)
        error = float(((result[row].double() - expected).abs() / (1 + expected.abs())).max())
        if not error <= TOLERANCE[kind]:
            raise ArithmeticError(f"wrong result: error {error} in row {row}")
        worst = max(worst, error)
    return worst


def measure(graph, columns, prepare, kind, sampler):
    generator = torch.Generator(sampler.device).manual_seed(1)
    x = torch.randint(-16, 17, (graph.nodes, columns), generator=generator, device=sampler.device) / 16
    x = x.to(torch.float16 if kind == "fp16" else torch.float32)
    call = prepare(graph, x)
    error = worst_error(graph, x, call(), kind)
    row = columns * x.element_size()
    moved = graph.edges * (4 + x.element_size() + row) + graph.nodes * (4 + row)
    return {"times": sampler.measure(call), "bytes": float(moved), "worstError": error}


def main(arguments):
    options = set(arguments[2:])
    if len(arguments) < 2 or not options <= {"--quick", "--cpu"}:
        sys.exit("usage: peers.py GRAPH LINES [--quick] [--cpu]")
    folder, lines = Path(arguments[0]), Lines(arguments[1])
    if torch is None:
        lines.put("MISSING", "torch CSR", text=f"PyTorch is not installed: {torch_missing}")
        return
    if "--cpu" not in options and not torch.cuda.is_available():
        lines.put("MISSING", "torch CSR", text=f"PyTorch {torch.__version__} finds no CUDA device")
        return
    device = torch.device("cpu" if "--cpu" in options else "cuda")
    where = "CPU" if device.type == "cpu" else torch.cuda.get_device_name()
    lines.put("MACHINE", "torch", text=f"{where}; PyTorch {torch.__version__}, Python {sys.version.split()[0]}")
    graph, sampler, absent = Graph(folder, device), Sampler(device, "--quick" in options), set()
    for columns in graph.widths:
        for by, prepare, kinds in PEERS:
            for kind in kinds if by not in absent else []:
                subject = {"graph": graph.name, "nodes": graph.nodes, "edges": graph.edges, "operation": "spmm",
                           "type": kind, "columns": columns}
                try:
                    lines.put("TIME", by, subject=subject, **measure(graph, columns, prepare, kind, sampler))
                except ImportError as error:
                    absent.add(by)
                    lines.put("MISSING", by, text=str(error))
                # A peer that cannot run must not stop the others; why is written down.
                except Exception as error:
                    first = (str(error).strip() or "no message").splitlines()[0]
                    lines.put("MISSING", by, subject=subject, text=f"{type(error).__name__}: {first}")
                if device.type == "cuda":
                    torch.cuda.empty_cache()


if __name__ == "__main__":
    main(sys.argv[1:])
