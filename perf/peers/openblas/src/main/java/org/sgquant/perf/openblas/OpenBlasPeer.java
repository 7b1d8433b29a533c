package org.sgquant.perf.openblas;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;
import org.sgquant.cuda.BundledLibrary;
import org.sgquant.kernels.DeviceUnavailableException;
import org.sgquant.perf.peer.Cblas;
import org.sgquant.perf.peer.Peer;
import org.sgquant.perf.peer.PeerRun;
import org.sgquant.perf.peer.PeerSession;
import org.sgquant.tensor.FloatMatrix;

/** OpenBLAS: {@code cblas_sgemm}, with the kernels that it takes for this CPU by itself. */
public final class OpenBlasPeer implements Peer {

    private static final String FOLDER = "org/bytedeco/openblas/linux-x86_64";

    /** Each needs those before it. */
    private static final List<String> FILES =
            List.of("libgcc_s.so.1", "libquadmath.so.0", "libgfortran.so.5", "libopenblas.so.0");

    private static BundledLibrary loaded;

    @Override
    public String name() {
        return "openblas";
    }

    @Override
    public PeerSession open(int threads) {
        return new Session(library(), threads);
    }

    /** The library, loaded at the first call: it opens nothing later. */
    private static synchronized BundledLibrary library() {
        if (loaded == null) {
            try {
                loaded = BundledLibrary.load(FOLDER, FILES, FILES.size(), library -> {});
            } catch (BundledLibrary.UnusableException e) {
                throw new DeviceUnavailableException("openblas: " + e.getMessage(), e);
            }
        }
        return loaded;
    }

    /** The number of threads belongs to the process, so every run sets it. */
    private static final class Session implements PeerSession {

        private final Cblas cblas;
        private final MethodHandle setThreads;
        private final String version;
        private final int threads;

        Session(BundledLibrary library, int threads) {
            cblas = new Cblas(library);
            setThreads = library.function("openblas_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT));
            version = text(library, "openblas_get_config") + ", kernels of " + text(library, "openblas_get_corename");
            this.threads = threads;
        }

        private static String text(BundledLibrary library, String function) {
            MethodHandle handle = library.function(function, FunctionDescriptor.of(ADDRESS));
            try {
                return ((MemorySegment) handle.invokeExact())
                        .reinterpret(1 << 10)
                        .getString(0)
                        .strip();
            } catch (Throwable e) {
                throw new IllegalStateException("calling " + function + " failed", e);
            }
        }

        @Override
        public String version() {
            return version;
        }

        @Override
        public Optional<PeerRun> gemm(FloatMatrix a, FloatMatrix b, FloatMatrix out) {
            return Optional.of(new PeerRun() {
                @Override
                public void run() {
                    useThreads();
                    cblas.gemm(a, b, out);
                }

                @Override
                public void close() {}
            });
        }

        private void useThreads() {
            try {
                setThreads.invokeExact(threads);
            } catch (Throwable e) {
                throw new IllegalStateException("calling openblas_set_num_threads failed", e);
            }
        }

        @Override
        public void close() {}
    }
}
