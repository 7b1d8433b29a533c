package org.sgquant.perf.device;

import java.util.List;
import java.util.stream.Stream;
import org.sgquant.kernels.DenseLibrary;
import org.sgquant.kernels.TrainingLibraries;
import org.sgquant.perf.workload.Operation;

/**
 * A product of training by a library of CUDA through JCuda, to be timed beside our kernels. Where operands are rounded
 * to fp16 or bf16, that is part of the time, as it is of training.
 *
 * @param by as in {@code jcusparse cusparse-alg2}
 */
record LibraryPeer(String by, TrainingLibraries libraries, Operation operation) {

    static List<LibraryPeer> all() {
        String own = DenseLibrary.OWN;
        return Stream.concat(
                        TrainingLibraries.CUSPARSE.stream()
                                .map(name -> new LibraryPeer(
                                        "jcusparse " + name,
                                        new TrainingLibraries(own, name),
                                        Operation.aggregation(type(name)))),
                        TrainingLibraries.CUBLAS.stream()
                                .map(name -> new LibraryPeer(
                                        "jcublas " + name,
                                        new TrainingLibraries(name, own),
                                        Operation.dense(type(name)))))
                .toList();
    }

    /** Whether the graph must lie in the device's memory. */
    boolean readsGraph() {
        return TrainingLibraries.CUSPARSE.contains(libraries.sparse());
    }

    /** How the left operand is stored or read, by the end of the library's name. */
    private static String type(String name) {
        return Stream.of("tf32", "fp16", "bf16")
                .filter(name::endsWith)
                .findFirst()
                .orElse("fp32");
    }
}
