package org.sgquant.perf.device;

import java.util.Optional;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.kernels.cuda.CudaBackend;
import org.sgquant.perf.workload.Operation.Prepared;

/** A backend with the clock that its work is timed by. */
interface Measured extends AutoCloseable {

    Backend backend();

    Sampler.Clock clock();

    /** Runs the calls once and returns the bytes they move by {@code kernels.list}, null where no kernel of it runs. */
    Double bytes(Prepared prepared, int columns, int edges);

    /** Kernels of {@code kernels.list} that have not run; nothing where the backend runs none. */
    Optional<String> unlaunched();

    @Override
    void close();

    /** What tables of times begin with unless a GPU ran them. */
    String NOT_ON_GPU = "**Not measured on a GPU: these times mean nothing.**";

    /** Whether a machine's description is that of the emulator or of a processor. */
    static boolean isNoGpu(String description) {
        return description.matches("(?i).*\\b(emulator|cpu)\\b.*");
    }

    /** {@code cuda}, timed by its events, or {@code cpu}, timed by the clock of the machine. */
    static Measured open(String device) {
        return switch (device) {
            case "cuda" -> new MeasuredCuda(CudaBackend.open(0));
            case "cpu" -> new OnHost(new CpuBackend(Runtime.getRuntime().availableProcessors()));
            default -> throw new IllegalArgumentException("device '" + device + "' is neither cuda nor cpu");
        };
    }

    /** A backend of the host: its calls return when they are done. */
    record OnHost(Backend backend) implements Measured {

        @Override
        public Sampler.Clock clock() {
            return calls -> {
                long start = System.nanoTime();
                calls.run();
                return (System.nanoTime() - start) / 1e6;
            };
        }

        @Override
        public Double bytes(Prepared prepared, int columns, int edges) {
            prepared.calls().run();
            return null;
        }

        @Override
        public Optional<String> unlaunched() {
            return Optional.empty();
        }

        @Override
        public void close() {
            backend.close();
        }
    }
}
