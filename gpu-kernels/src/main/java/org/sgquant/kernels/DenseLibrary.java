package org.sgquant.kernels;

import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/**
 * Dense products of a library outside of sgquant on operands in the memory of this process, a service that a module
 * brings along: what {@code --dense NAME} takes instead of a CPU backend's own {@link DenseOps}.
 */
public interface DenseLibrary {

    /** What stands for a backend's own kernels, in {@code --dense} and {@code --sparse}. */
    String OWN = "own";

    /** What a build profile of the same name adds to the class path. */
    String ND4J = "nd4j";

    /** Its name on the command line, in lower case. */
    String name();

    /**
     * Products on {@code threads} threads.
     *
     * @throws DeviceUnavailableException with the reason where the library cannot be used on this machine
     */
    DenseOps open(int threads);

    /** All on the class path, by name. */
    static List<DenseLibrary> all() {
        return ServiceLoader.load(DenseLibrary.class).stream()
                .map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparing(DenseLibrary::name))
                .toList();
    }

    /**
     * The library {@code name}.
     *
     * @throws IllegalArgumentException if none of that name is on the class path
     */
    static DenseLibrary find(String name) {
        List<DenseLibrary> libraries = all();
        return libraries.stream()
                .filter(library -> library.name().equals(name))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException("dense algebra '" + name + "' is not on the class path: "
                                + "there is " + OWN
                                + libraries.stream()
                                        .map(library -> ", " + library.name())
                                        .collect(Collectors.joining())
                                + ", and on a CUDA device " + String.join(", ", TrainingLibraries.CUBLAS)
                                + (name.equals(ND4J) ? "; mvn -P" + ND4J + " package adds it" : "")));
    }
}
