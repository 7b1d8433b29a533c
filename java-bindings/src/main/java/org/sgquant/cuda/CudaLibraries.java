package org.sgquant.cuda;

import java.io.UncheckedIOException;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import jcuda.jcublas.JCublas2;
import jcuda.jcusparse.JCusparse;

/**
 * Finds the libraries of CUDA 12 that JCuda's natives are linked against and loads both.
 *
 * <p>Looked for in this order; the first that loads is taken, once per JVM:
 *
 * <ol>
 *   <li>the folder named by the system property {@code sgquant.cuda.libraries} or the environment variable
 *       {@code SGQUANT_CUDA_LIBRARIES}, and then nowhere else;
 *   <li>the system's loader and the usual folders of CUDA 12;
 *   <li>CUDA 13's library, found the same way: cuBLAS through our forwarding library, as its file is numbered 13, too;
 *   <li>the redistributable jar on the class path (Maven profile {@code cuda-redist}).
 * </ol>
 */
public final class CudaLibraries {

    public static final String FOLDER_PROPERTY = "sgquant.cuda.libraries";
    public static final String FOLDER_VARIABLE = "SGQUANT_CUDA_LIBRARIES";

    private static final Map<CudaLibrary, CudaLibraryLocation> LOCATIONS = new EnumMap<>(CudaLibrary.class);
    private static final Set<CudaLibrary> LOADED = EnumSet.noneOf(CudaLibrary.class);

    private CudaLibraries() {}

    /**
     * Where {@code library} is. Loads it to know, but no class of JCuda; needs no device. Looks once per JVM.
     *
     * @return a fact, also where there is none
     */
    public static synchronized CudaLibraryLocation locate(CudaLibrary library) {
        return LOCATIONS.computeIfAbsent(library, wanted -> new CudaLibrarySearch(wanted).run(NamedFolder.ofUser()));
    }

    /**
     * Makes JCuda's class of {@code library} usable: its statuses are to be checked call by call. Does nothing the
     * second time.
     *
     * @throws CudaUnavailableException naming each place tried, or why JCuda's own library cannot be loaded
     */
    public static synchronized void load(CudaLibrary library) {
        if (LOADED.contains(library)) {
            return;
        }
        CudaLibraryLocation location = locate(library);
        if (location.found().isEmpty()) {
            throw new CudaUnavailableException(location.sentence());
        }
        try {
            NativeLibraries.load(() -> {
                switch (library) {
                    case CUBLAS -> JCublas2.setExceptionsEnabled(false);
                    case CUSPARSE -> JCusparse.setExceptionsEnabled(false);
                }
            });
        } catch (LinkageError | UncheckedIOException e) {
            throw new CudaUnavailableException(NativeLibraries.reason(library.jcudaClass(), e), e);
        }
        LOADED.add(library);
    }
}
