package org.sgquant.cuda;

import java.util.List;
import java.util.stream.Stream;

/** A library of CUDA that a class of JCuda stands on; {@link CudaLibraries} finds and loads it. */
public enum CudaLibrary {
    CUBLAS("cuBLAS", "cublas", 13, List.of("cublasLt"), "JCublas2"),
    CUSPARSE("cuSPARSE", "cusparse", 12, List.of("nvJitLink"), "JCusparse");

    /** The major version of CUDA that JCuda's natives are linked against; its files are numbered so, too. */
    static final int TOOLKIT = 12;

    /** The next one, whose libraries have the same functions. */
    static final int NEXT_TOOLKIT = 13;

    private final String title;
    private final String stem;
    private final int nextNumber;
    private final List<String> dependencies;
    private final String jcudaClass;

    CudaLibrary(String title, String stem, int nextNumber, List<String> dependencies, String jcudaClass) {
        this.title = title;
        this.stem = stem;
        this.nextNumber = nextNumber;
        this.dependencies = dependencies;
        this.jcudaClass = jcudaClass;
    }

    /** Such as {@code cuBLAS}. */
    public String title() {
        return title;
    }

    /** The file JCuda needs, such as {@code libcublas.so.12}: its SONAME, and the version node of its functions. */
    public String file() {
        return file(TOOLKIT);
    }

    /** The library of JCuda's CUDA and before it what it depends on, as file names. */
    public List<String> filesInOrder() {
        return Stream.concat(dependencies(TOOLKIT), Stream.of(file())).toList();
    }

    /** The simple name of JCuda's class, such as {@code JCublas2}. */
    String jcudaClass() {
        return jcudaClass;
    }

    /** The function that tells the library's version, without a device. */
    String versionFunction() {
        return stem + "GetProperty";
    }

    /** The file of CUDA {@code toolkit}, whose number need not be the toolkit's. */
    String file(int toolkit) {
        return fileName(stem, toolkit == TOOLKIT ? TOOLKIT : nextNumber);
    }

    /** Whether JCuda's natives find the library of {@link #NEXT_TOOLKIT} only under another name. */
    boolean isRenamed() {
        return nextNumber != TOOLKIT;
    }

    /** What {@link #file(int)} may depend on: a file name that two toolkits share does not tell whose it is. */
    List<String> possibleDependencies(int toolkit) {
        return isRenamed()
                ? dependencies(toolkit).toList()
                : Stream.concat(dependencies(TOOLKIT), dependencies(NEXT_TOOLKIT))
                        .toList();
    }

    /** The folder of Python's packages of this library, such as {@code nvidia/cublas/lib}. */
    String wheelFolder() {
        return "nvidia/" + stem + "/lib";
    }

    private Stream<String> dependencies(int toolkit) {
        return dependencies.stream().map(name -> fileName(name, toolkit));
    }

    private static String fileName(String stem, int number) {
        return "lib" + stem + ".so." + number;
    }
}
