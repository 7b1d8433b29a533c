package org.sgquant.perf.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.sgquant.kernels.DenseLibrary;
import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.DeviceUnavailableException;
import org.sgquant.perf.peer.Peer;
import org.sgquant.perf.peer.PeerRun;
import org.sgquant.perf.peer.PeerSession;
import org.sgquant.tensor.FloatMatrix;

/** Libraries on the class path that are measured beside sgquant. */
final class Peers {

    /** A library; {@code reason} why it takes no part, or with a version what it could not do; null where it did all. */
    record State(String name, String version, String reason) {}

    private Peers() {}

    /** Those of {@link Peer}, and dense libraries, which are peers in {@code gemm}. */
    static List<Peer> all() {
        return Stream.concat(Peer.all().stream(), DenseLibrary.all().stream().map(Dense::new))
                .toList();
    }

    /**
     * The peers asked for by name, all where nothing was asked, none for {@code none}.
     *
     * @throws DeviceUnavailableException if one asked for is not on the class path
     */
    static List<Peer> chosen(List<Peer> all, List<String> names) {
        if (names == null) {
            return all;
        }
        if (names.equals(List.of("none"))) {
            return List.of();
        }
        List<Peer> chosen = new ArrayList<>();
        for (String name : names) {
            chosen.add(all.stream()
                    .filter(peer -> peer.name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new DeviceUnavailableException("peer '" + name
                            + "' is not on the class path: there is "
                            + (all.isEmpty() ? "none" : String.join(", ", names(all)))
                            + "; a peer is added by its build profile, as perf/README.md says")));
        }
        return chosen;
    }

    private static List<String> names(List<Peer> peers) {
        return peers.stream().map(Peer::name).toList();
    }

    /** Products of a {@link DenseLibrary}. */
    private record Dense(DenseLibrary library) implements Peer {

        @Override
        public String name() {
            return library.name();
        }

        /** The most: such a library has one setting for the process, made when it is opened. */
        @Override
        public List<Integer> threads(List<Integer> asked) {
            return List.of(Collections.max(asked));
        }

        @Override
        public PeerSession open(int threads) {
            DenseOps ops = library.open(threads);
            return new PeerSession() {
                @Override
                public String version() {
                    return library.name() + ", dense products";
                }

                @Override
                public Optional<PeerRun> gemm(FloatMatrix a, FloatMatrix b, FloatMatrix out) {
                    return Optional.of(() -> ops.gemm(a, false, b, false, out));
                }

                @Override
                public void close() {
                    // The library keeps what it has until the process ends.
                }
            };
        }
    }
}
