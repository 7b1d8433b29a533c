package org.sgquant.perf.peer;

import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import org.sgquant.kernels.DenseLibrary;
import org.sgquant.kernels.DeviceUnavailableException;

/**
 * A library that {@code sgquant bench} measures beside sgquant, in the same process on the same operands: a service
 * that a nested module under a profile brings along. Products of a {@link DenseLibrary} need none of their own.
 */
public interface Peer {

    /** Its name in records and in {@code --peer}, in lower case: {@code mkl}. */
    String name();

    /** Of {@code asked}, the thread counts that it can be measured on in one process. */
    default List<Integer> threads(List<Integer> asked) {
        return asked;
    }

    /**
     * The library on {@code threads} threads.
     *
     * @throws DeviceUnavailableException with the reason in one sentence where it cannot be used on this machine
     */
    PeerSession open(int threads);

    /** All on the class path, by name. */
    static List<Peer> all() {
        return ServiceLoader.load(Peer.class).stream()
                .map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparing(Peer::name))
                .toList();
    }
}
