package org.sgquant.cuda;

import java.util.List;
import java.util.stream.Stream;

/** A library of CUDA that a class of JCuda stands on; {@link CudaLibraries} finds and loads it. */
public enum CudaLibrary {
    CUBLAS("cuBLAS", "cublas", List.of("cublasLt"), "JCublas2"),
    CUSPARSE("cuSPARSE", "cusparse", List.of("nvJitLink"), "JCusparse");

    /** The major version of CUDA that JCuda's natives are linked against. */
    static final int MAJOR = 12;

    /** The major version whose functions are the same, taken through a forwarding library. */
    static final int FORWARDED_MAJOR = 13;

    private final String title;
    private final String stem;
    private final List<String> dependencies;
    private final String jcudaClass;

    CudaLibrary(String title, String stem, List<String> dependencies, String jcudaClass) {
        this.title = title;
        this.stem = stem;
        this.dependencies = dependencies;
        this.jcudaClass = jcudaClass;
    }

    /** Such as {@code cuBLAS}. */
    public String title() {
        return title;
    }

    /** The file JCuda needs, such as {@code libcublas.so.12}: its SONAME, and the version node of its functions. */
    public String file() {
        return file(MAJOR);
    }

    /** The library and before it what it depends on, as file names of {@link #file()}'s CUDA. */
    public List<String> filesInOrder() {
        return filesInOrder(MAJOR);
    }

    /** The simple name of JCuda's class, such as {@code JCublas2}. */
    String jcudaClass() {
        return jcudaClass;
    }

    /** The function that tells the library's version, without a device. */
    String versionFunction() {
        return stem + "GetProperty";
    }

    String file(int major) {
        return fileName(stem, major);
    }

    List<String> filesInOrder(int major) {
        return Stream.concat(dependencies.stream(), Stream.of(stem))
                .map(name -> fileName(name, major))
                .toList();
    }

    /** The folder of Python's packages of this library, such as {@code nvidia/cublas/lib}. */
    String wheelFolder() {
        return "nvidia/" + stem + "/lib";
    }

    private static String fileName(String stem, int major) {
        return "lib" + stem + ".so." + major;
    }
}
