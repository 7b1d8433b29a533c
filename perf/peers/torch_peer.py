"""Computes with PyTorch on the CPU for org.sgquant.perf.torch.

    python3 torch_peer.py

Says {"torch": VERSION} or {"error": TEXT}, then answers every line of standard input, a JSON object, by another:

    {"do": "spmm", "id": 1, ...}           readies an operation: see the functions of OPERATIONS    {}
    {"do": "run", "id": 1, "threads": 2}   computes once                {"milliseconds": 1.5, ...}
    {"do": "fetch", "id": 1}               writes the last result to the file "out"                 {}
    {"do": "free", "id": 1}                forgets the operation                                    {}

What goes wrong is answered by {"error": TEXT}. A matrix is {"file": NAME, "rows": R, "cols": C} with little-endian
float32 row after row, a graph the folder of org.sgquant.perf.workload.GraphFolder, a list of nodes or classes
{"file": NAME, "size": N} of int32. Ends with its input.
"""

import json
import sys
import time
import warnings
from pathlib import Path

try:
    import torch
    from peers import Graph, ints
except ImportError as missing:
    print(json.dumps({"error": f"PyTorch is not installed: {missing}"}), flush=True)
    sys.exit(0)


def matrix(at):
    size = at["rows"] * at["cols"]
    if size == 0:
        return torch.zeros(at["rows"], at["cols"])
    # A copy: pages of the file would be read while the first run is timed.
    return torch.from_file(at["file"], size=size, dtype=torch.float32).view(at["rows"], at["cols"]).clone()


def integers(at):
    return ints(at["file"], at["size"]).long()


def store(result, at):
    with open(at["file"], "r+b") as out:
        out.write(result.contiguous().numpy().tobytes())


class Csr:
    """A matrix in CSR with 32-bit indices, as MKL takes them; `multiply` is one of PyTorch's two products."""

    def __init__(self, row_ptr, col_idx, values, shape, multiply):
        self.row_ptr, self.col_idx, self.values = row_ptr, col_idx, values
        self.shape, self.multiply = shape, multiply

    def of(self, values):
        """This pattern with other values."""
        return Csr(self.row_ptr, self.col_idx, values, self.shape, self.multiply)

    def tensor(self):
        return torch.sparse_csr_tensor(self.row_ptr, self.col_idx, self.values, self.shape)

    def order_of_transpose(self):
        """For every entry of the transpose, the index of the same entry here."""
        return torch.argsort(self.col_idx, stable=True)

    def transpose(self, order):
        rows, cols = self.shape
        degrees = (self.row_ptr[1:] - self.row_ptr[:-1]).long()
        targets = torch.repeat_interleave(torch.arange(rows, dtype=torch.int32), degrees)
        row_ptr = torch.zeros(cols + 1, dtype=torch.int32)
        row_ptr[1:] = torch.cumsum(torch.bincount(self.col_idx, minlength=cols), 0)
        return Csr(row_ptr, targets[order], self.values[order], (cols, rows), self.multiply)


def matmul(a, b):
    return a @ b


def reduce(a, b):
    return torch.sparse.mm(a, b, "sum")


class Product(torch.autograd.Function):
    """C = A B with A's transpose at hand: autograd alone would make it anew at every step."""

    @staticmethod
    def forward(context, a, transpose, multiply, b):
        context.transpose, context.multiply = transpose, multiply
        return multiply(a, b)

    @staticmethod
    def backward(context, gradient):
        return None, None, None, context.multiply(context.transpose, gradient)


class Operations:
    """What was readied, by number; graphs are read once for all."""

    def __init__(self):
        self.graphs, self.ready = {}, {}

    def csr(self, command):
        folder = command["graph"]
        if folder not in self.graphs:
            self.graphs[folder] = Graph(Path(folder), torch.device("cpu"))
        graph = self.graphs[folder]
        values = matrix(command["values"]).view(-1) if command.get("values") else torch.ones(graph.edges)
        multiply = reduce if command.get("reduce") else matmul
        return Csr(graph.row_ptr, graph.col_idx, values, (graph.nodes, graph.nodes), multiply)

    def answer(self, command):
        do, number = command["do"], command["id"]
        if do == "run":
            torch.set_num_threads(command["threads"])
            return self.ready[number].timed()
        if do == "fetch":
            self.ready[number].fetch()
        elif do == "free":
            del self.ready[number]
        else:
            self.ready[number] = OPERATIONS[do](self, command)
        return {}


class Operation:
    """A function of no arguments, and the file that its last result goes to."""

    def __init__(self, compute, out):
        self.compute, self.out, self.result = compute, out, None

    def timed(self):
        begin = time.perf_counter()
        self.result = self.compute()
        return {"milliseconds": (time.perf_counter() - begin) * 1e3}

    def fetch(self):
        store(self.result, self.out)


class Epochs(Operation):
    """Steps of training; the answer has the loss of the step and the accuracy after it."""

    def __init__(self, step):
        super().__init__(step, None)

    def timed(self):
        answer = super().timed()
        loss, accuracy = self.result
        return answer | {"loss": loss, "accuracy": accuracy}


class Gcn:
    """logits = A relu(A x w1 + b1) w2 + b2, both layers transformed before they are aggregated."""

    def __init__(self, a, command, sparse, trained):
        self.a, self.a_tensor, self.trained = a, a.tensor(), trained
        self.x = matrix(command["x"])
        self.parameters = [matrix(command[name]).requires_grad_(trained) for name in ("w1", "b1", "w2", "b2")]
        self.sparse = None
        if sparse:
            csr = self.x.to_sparse_csr()
            indices = csr.crow_indices().int(), csr.col_indices().int()
            self.sparse = Csr(*indices, csr.values(), tuple(self.x.shape), matmul)
        if trained:
            self.transpose = a.transpose(a.order_of_transpose()).tensor()
            self.dropout = command["dropout"]
            if sparse:
                self.order = self.sparse.order_of_transpose()
                self.sparse_transpose = self.sparse.transpose(self.order)

    def features_times(self, w, dropping):
        if self.sparse is None:
            return (self.dropped(self.x) if dropping else self.x) @ w
        if not dropping:
            return self.sparse.multiply(self.sparse.tensor(), w)
        values = self.dropped(self.sparse.values)
        transpose = self.sparse_transpose.of(values[self.order])
        return Product.apply(self.sparse.of(values).tensor(), transpose.tensor(), matmul, w)

    def dropped(self, x):
        return torch.nn.functional.dropout(x, self.dropout)

    def aggregated(self, h, learning):
        if learning:
            return Product.apply(self.a_tensor, self.transpose, self.a.multiply, h)
        return self.a.multiply(self.a_tensor, h)

    def logits(self, learning):
        w1, b1, w2, b2 = self.parameters
        hidden = torch.relu(self.aggregated(self.features_times(w1, learning), learning) + b1)
        if learning:
            hidden = self.dropped(hidden)
        return self.aggregated(hidden @ w2, learning) + b2


def spmm(operations, command):
    """A x, A of ones without "values"; "reduce" for torch.sparse.mm(A, x, "sum") instead of A @ x."""
    csr, x = operations.csr(command), matrix(command["x"])
    a = csr.tensor()
    return Operation(lambda: csr.multiply(a, x), command["out"])


def gemm(_, command):
    """a b, dense."""
    a, b = matrix(command["a"]), matrix(command["b"])
    return Operation(lambda: a @ b, command["out"])


def inference(operations, command):
    """Logits of Gcn; "sparse" for features in CSR."""
    gcn = Gcn(operations.csr(command), command, command["sparse"], trained=False)
    return Operation(lambda: gcn.logits(learning=False), command["out"])


def training(operations, command):
    """An epoch: dropout, cross-entropy of the training nodes, Adam with decay of layer 1, accuracy of validation."""
    gcn = Gcn(operations.csr(command), command, command["sparse"], trained=True)
    labels, train, validation = (integers(command[name]) for name in ("labels", "train", "validation"))
    decays = [command["weightDecay"], 0]
    groups = [{"params": gcn.parameters[2 * layer : 2 * layer + 2], "weight_decay": decays[layer]} for layer in (0, 1)]
    optimizer = torch.optim.Adam(groups, lr=command["learningRate"])

    def epoch():
        with torch.enable_grad():
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(gcn.logits(learning=True)[train], labels[train])
            loss.backward()
            optimizer.step()
        predicted = gcn.logits(learning=False)[validation].argmax(1)
        return float(loss), float((predicted == labels[validation]).float().mean())

    return Epochs(epoch)


OPERATIONS = {"spmm": spmm, "gemm": gemm, "inference": inference, "training": training}


def main():
    warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta state")
    print(json.dumps({"torch": torch.__version__}), flush=True)
    operations = Operations()
    for line in sys.stdin:
        try:
            with torch.no_grad():
                answer = operations.answer(json.loads(line))
        # Whatever it is, the other side decides about it.
        except Exception as error:
            first = (str(error).strip() or "no message").splitlines()[0]
            answer = {"error": f"{type(error).__name__}: {first}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
