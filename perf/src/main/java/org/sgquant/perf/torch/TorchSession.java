package org.sgquant.perf.torch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sgquant.perf.peer.PeerGcn;
import org.sgquant.perf.peer.PeerRun;
import org.sgquant.perf.peer.PeerSession;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;

/** Operations of a {@link TorchProcess}, which reads their operands from files. */
final class TorchSession implements PeerSession {

    private final TorchProcess process;
    private final int threads;
    private final boolean reduce;
    private final boolean sparse;

    /** Files that the next operation reads its operands from. */
    private final List<Path> operands = new ArrayList<>();

    /** {@code reduce} for sums by PyTorch's own kernel, {@code sparse} for features in CSR. */
    TorchSession(TorchProcess process, int threads, boolean reduce, boolean sparse) {
        this.process = process;
        this.threads = threads;
        this.reduce = reduce;
        this.sparse = sparse;
    }

    @Override
    public String version() {
        return "PyTorch " + process.version() + ", " + (reduce ? "torch.sparse.mm(A, x, \"sum\")" : "A @ x")
                + ", A in CSR" + (sparse ? ", features in CSR" : "");
    }

    /** Folders of graphs hold square ones. */
    @Override
    public Optional<PeerRun> spmm(CsrGraph graph, FloatMatrix values, FloatMatrix x, FloatMatrix out) {
        if (sparse || graph.numRows() != graph.numCols()) {
            return Optional.empty();
        }
        Map<String, Object> question = onGraph(graph, values);
        question.put("x", write(x));
        return Optional.of(ready("spmm", question, out));
    }

    @Override
    public Optional<PeerRun> gemm(FloatMatrix a, FloatMatrix b, FloatMatrix out) {
        if (sparse || reduce) {
            return Optional.empty();
        }
        return Optional.of(ready("gemm", new HashMap<>(Map.of("a", write(a), "b", write(b))), out));
    }

    @Override
    public boolean hasGcn() {
        return true;
    }

    @Override
    public Optional<PeerRun> gcnInference(PeerGcn gcn, FloatMatrix out) {
        return Optional.of(ready("inference", network(gcn), out));
    }

    @Override
    public Optional<PeerRun> gcnEpoch(PeerGcn gcn, PeerGcn.Training training) {
        return Optional.of(epochs(gcn, training));
    }

    TorchRun epochs(PeerGcn gcn, PeerGcn.Training training) {
        Map<String, Object> question = network(gcn);
        question.put("labels", Files32.write(training.labels().toArray(), newOperand()));
        question.put("train", Files32.write(training.trainNodes(), newOperand()));
        question.put("validation", Files32.write(training.validationNodes(), newOperand()));
        question.put("learningRate", training.learningRate());
        question.put("weightDecay", training.weightDecay());
        question.put("dropout", training.dropout());
        return ready("training", question, null);
    }

    private Map<String, Object> network(PeerGcn gcn) {
        Map<String, Object> question = onGraph(gcn.graph(), gcn.norm());
        question.put("x", write(gcn.x()));
        question.put("w1", write(gcn.w1()));
        question.put("b1", write(gcn.b1()));
        question.put("w2", write(gcn.w2()));
        question.put("b2", write(gcn.b2()));
        question.put("sparse", sparse);
        return question;
    }

    private Map<String, Object> onGraph(CsrGraph graph, FloatMatrix values) {
        Map<String, Object> question = new HashMap<>();
        question.put("graph", process.graph(graph).toString());
        question.put("reduce", reduce);
        if (values != null) {
            question.put("values", write(values));
        }
        return question;
    }

    private Map<String, Object> write(FloatMatrix m) {
        return Files32.write(m, newOperand());
    }

    private Path newOperand() {
        operands.add(process.newFile());
        return operands.getLast();
    }

    /** {@code out} null for an operation without a result. */
    private TorchRun ready(String operation, Map<String, Object> question, FloatMatrix out) {
        int id = process.newOperation();
        question.put("do", operation);
        question.put("id", id);
        Path result = process.newFile();
        if (out != null) {
            question.put("out", Files32.reserve(out, result));
        }
        process.ask(question);
        operands.forEach(TorchSession::delete);
        operands.clear();
        return new TorchRun(process, id, threads, result, out);
    }

    /** The process has copied what it holds; large operands would fill the folder. */
    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(file + " cannot be deleted: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        process.release();
    }
}
